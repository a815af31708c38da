# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016
# The unit, by systemd's own judges.
throwaway unit tools
cp "$dist/codehook_${version}_$architecture.deb" "$space/unit/root/codehook.deb"
inside unit dpkg --install /root/codehook.deb > /dev/null
verified() {
    inside unit systemd-analyze verify --man=yes /usr/lib/systemd/system/codehook.service > "$space/verify" 2>&1 &&
        ! grep codehook "$space/verify"
}
check "systemd-analyze finds no fault in the unit" verified
exposure() {
    inside unit systemd-analyze security --offline=yes --threshold=30 --no-pager codehook.service
}
check "systemd-analyze calls its exposure 3.0 or less" exposure
note "$(tail -n 1 "$log" | sed 's/^→ *//')"
enabled() {
    inside unit systemctl --root=/ enable codehook.service &&
        [ -L "$space/unit/etc/systemd/system/multi-user.target.wants/codehook.service" ]
}
check "it can be enabled" enabled
