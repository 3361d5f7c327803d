# SPDX-License-Identifier: MIT OR Apache-2.0
# Completions of kexec(8) for bash, made from the table of options by kexec/tests/completions/make.rs.
_kexec() {
    local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} sign=
    # Bash makes a word of the sign in --initrd=FILE.
    if [[ $current == = ]]; then
        current= sign=1
    elif [[ $option == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]} sign=1
    fi
    local -a options=(
        -l --load
        -p --load-panic
        -e --exec
        -f --force
        -u --unload
        -S --status
        --print-ckr-size
        --capture
        --with-cmdline
        --machine
        --list
        --dry-run
        --plan
        --ascii
        --explain
        --check
        --json
        -d --debug
        --quiet
        -h --help
        -v --version
        -s --kexec-file-syscall
        -c --kexec-syscall
        -a --kexec-syscall-auto
        --default
        --initrd
        --ramdisk
        --module
        --append
        --command-line
        --reuse-cmdline
        -t --type
        --profile
        --addon
        --args-linux
        --args-elf
        --args-none
        --dtb
        --force-dtb
        --mem-min
        --mem-max
        -i --no-checks
        --on-mismatch
        --noefi
        --reset-vga
        --console-vga
        --console-serial
        --serial
        --serial-baud
        --force-lose-handover
        --no-cma
        -x --no-ifdown
        -y --no-sync
        --entry-32bit
        --real-mode
        --unpacked
        --hotplug
        --pass-memmap-cmdline
        --elf32-core-headers
        --elf64-core-headers
        --reuse-video-type
        --entry
    )
    local -a what=(-f)
    [[ $current == -* ]] && what=(-W "${options[*]}")
    case $option in
        --capture) ;;
        --machine) ;;
        --plan) [[ $sign ]] && what=(-W "text json map") ;;
        -h | --help) [[ $sign ]] && what=(-W "all") ;;
        --default) [[ $sign ]] && what=(-W "") ;;
        --initrd) ;;
        --ramdisk) ;;
        --module) ;;
        -t | --type) what=(-W "help bzImage64 bzImage elf-x86_64 multiboot-x86 multiboot2-x86 uki elf-x86 beoboot-x86 nbi-x86") ;;
        --profile) what=(-W "N ID") ;;
        --addon) ;;
        --dtb) ;;
        --on-mismatch) what=(-W "halt reboot") ;;
        --serial) what=(-W "ttyS0 ttyS1") ;;
        --append | --command-line | --mem-min | --mem-max | --serial-baud | --entry) return ;;
    esac
    mapfile -t COMPREPLY < <(compgen "${what[@]}" -- "$current")
}
complete -o filenames -F _kexec kexec
