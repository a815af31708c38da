# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2016
# The examples for Kubernetes and Compose, by the tools and schemas of those.
tools=$root/target/tools/packaging/bin
judge_manifests() { "$tools/python" "$here/judge_manifests.py" "$@"; }
check "Kubernetes' schemas take the manifests" \
    "$tools/kubernetes-validate" --strict --version 1.31 "$here/../kubernetes/codehook.yaml"
check "the pod gives up all rights, and its probes, ports and volumes are the service's" \
    judge_manifests kubernetes "$space/oci/config.json"
throwaway compose tools
mkdir -p "$space/compose/root/packaging"
cp -r "$here/../compose" "$here/../caddy" "$space/compose/root/packaging"
composed() {
    ENVIRONMENT=(CODEHOOK_VERSION="$version" CODEHOOK_NAME=hooks.example.com)
    inside compose docker-compose --file /root/packaging/compose/compose.yaml config > "$space/composed.yaml"
}
check "docker-compose takes the compose file" composed
check "its service has a read-only root, no rights, and the image's volume" \
    judge_manifests compose "$space/composed.yaml"
umount --lazy "$space/compose"
ENVIRONMENT=()
