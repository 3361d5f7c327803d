# CPUs that are not online: one never was (maxcpus=), one goes. Sourced by init, before crash.sh.
before() { fact "present=$(cat /sys/devices/system/cpu/present)"; }
after() {
    echo 0 >/sys/devices/system/cpu/cpu1/online
    fact "online=$(cat /sys/devices/system/cpu/online)"
}
