# CPUs go and come after the crash kernel was loaded. Sourced by init, before crash.sh.
after() {
    fact "hotplug=$(cat /sys/devices/system/cpu/crash_hotplug)"
    echo 0 >/sys/devices/system/cpu/cpu1/online
    echo 0 >/sys/devices/system/cpu/cpu2/online
    echo 1 >/sys/devices/system/cpu/cpu1/online
    fact "online=$(cat /sys/devices/system/cpu/online)"
    fact "still_loaded=$(cat /sys/kernel/kexec_crash_loaded)"
}
