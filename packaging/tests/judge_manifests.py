"""Judges the example manifests: judge_manifests.py kubernetes IMAGE-CONFIG | compose RESOLVED-FILE"""

import json
import pathlib
import sys

import yaml

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent


def kubernetes(image_config):
    documents = {d["kind"]: d for d in yaml.safe_load_all((EXAMPLES / "kubernetes/codehook.yaml").read_text())}
    image = json.loads(pathlib.Path(image_config).read_text())["config"]
    pod = documents["StatefulSet"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    port = container["ports"][0]["containerPort"]
    labels = documents["StatefulSet"]["spec"]["template"]["metadata"]["labels"]
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    data = container["args"][container["args"].index("--data-dir") + 1]
    yield "one pod", documents["StatefulSet"]["spec"]["replicas"] == 1
    context = pod["securityContext"]
    yield "the image's user", f"{context['runAsUser']}:{context['runAsGroup']}" == image["User"]
    yield "not root", pod["securityContext"]["runAsNonRoot"] is True
    yield "seccomp", pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    yield "no rights", container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    yield "no new rights", container["securityContext"]["allowPrivilegeEscalation"] is False
    yield "read-only root", container["securityContext"]["readOnlyRootFilesystem"] is True
    yield "no token", pod["automountServiceAccountToken"] is False
    yield "the image's volume", set(image["Volumes"]) <= mounts and any(data.startswith(mount) for mount in mounts)
    yield "the image's port", f"{port}/tcp" in image["ExposedPorts"]
    yield "it listens there", f"0.0.0.0:{port}" in container["args"]
    for probe, path in (("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        yield probe, container[probe]["httpGet"]["path"] == path
    yield "the service's selector", documents["Service"]["spec"]["selector"].items() <= labels.items()
    selector = documents["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]
    yield "the policy's selector", selector.items() <= labels.items()
    secrets = [source["secretRef"]["name"] for source in container["envFrom"]]
    yield "the master key is a secret", secrets == ["codehook-master-key"]
    yield "memory is limited", "memory" in container["resources"]["limits"]
    grace = int(container["args"][container["args"].index("--grace") + 1].removesuffix("s"))
    yield "time for the grace", pod["terminationGracePeriodSeconds"] > grace


def compose(resolved):
    service = yaml.safe_load(pathlib.Path(resolved).read_text())["services"]["codehook"]
    yield "read-only root", service["read_only"] is True
    yield "no rights", service["cap_drop"] == ["ALL"]
    yield "no new rights", "no-new-privileges:true" in service["security_opt"]
    yield "the image's volume", any("/var/lib/codehook" in str(volume) for volume in service["volumes"])
    yield "the world reaches the proxy alone", "ports" not in service


if __name__ == "__main__":
    judge = {"kubernetes": kubernetes, "compose": compose}[sys.argv[1]]
    faults = [what for what, holds in judge(sys.argv[2]) if not holds]
    print("\n".join(faults))
    sys.exit(bool(faults))
