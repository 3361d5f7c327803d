#!/bin/sh
# The init of a disk: runs the kernel's selftests of kexec, as their Makefile would.
export PATH=/usr/bin:/usr/sbin:/bin:/sbin
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
HOP=0
fact() { echo "FACT hop=$HOP $*"; }
facts() { while IFS= read -r line; do fact "$1=$line"; done; }
end() { echo "SCENARIO-END $*"; sleep 3600; }
mount -t securityfs securityfs /sys/kernel/security
facts lockdown </sys/kernel/security/lockdown
cd /selftests
# NAME SCRIPT
run() {
    name=$1
    # One of them removes the configuration when it is done.
    modules=/lib/modules/$(uname -r)
    mkdir -p "$modules"
    cp "/boot/config-$(uname -r)" "$modules/config"
    bash "./$2" >/tmp/said 2>&1
    fact "$name.exit=$?"
    facts "$name" </tmp/said
    fact "$name.loaded=$(cat /sys/kernel/kexec_loaded)"
}
run kexec_file_load test_kexec_file_load.sh
run kexec_load test_kexec_load.sh
# It calls `kexec --load`, which by default is not kexec_load alone.
mkdir /tmp/bin
printf '#!/bin/sh\nexec /usr/sbin/kexec -c "$@"\n' >/tmp/bin/kexec
chmod +x /tmp/bin/kexec
PATH=/tmp/bin:$PATH
run kexec_load-c test_kexec_load.sh
end ok
