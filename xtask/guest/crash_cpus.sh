# CPUs are plugged in and out by ACPI, before and after the crash kernel is loaded. They go by the
# guest's will (eject) or the machine's, which is asked by lines that begin with HOST, and come by
# the machine's. Sourced by init, before crash.sh.
cpus=/sys/devices/system/cpu
# Waits until the CPUs present are these, and says as a fact of this name which are.
await() {
    tries=0
    while [ "$(cat $cpus/present)" != "$2" ] && [ $tries -lt 40 ]; do
        sleep 0.5
        tries=$((tries + 1))
    done
    fact "$1=$(cat $cpus/present)"
}
eject() { echo 1 >$cpus/cpu$1/firmware_node/eject; }
add() { echo "HOST device_add max-x86_64-cpu,id=cpu$1,socket-id=$1,core-id=0,thread-id=0"; }
before() {
    eject 1
    eject 2
    await before 0,3
    fact "crash_notes=$(ls $cpus/cpu*/crash_notes | wc -l)"
}
after() {
    fact "hotplug=$(cat $cpus/crash_hotplug)"
    add 2
    await added 0,2-3
    eject 3
    await ejected 0,2
    add 3
    await again 0,2-3
    echo 1 >$cpus/cpu2/online
    echo 1 >$cpus/cpu3/online
    echo "HOST device_del cpu3"
    await taken 0,2
    fact "online=$(cat $cpus/online)"
    fact "still_loaded=$(cat /sys/kernel/kexec_crash_loaded)"
    # Something to recognise in the notes: the process that runs on the CPU that came. This one
    # crashes the other.
    taskset -p 1 $$
    echo 4241 >/proc/sys/kernel/ns_last_pid
    taskset -c 2 sh -c 'while :; do :; done' &
    fact "spinning=$!"
    sleep 1
}
