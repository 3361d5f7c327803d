use super::*;
use crate::arch::Arch;
use crate::memory::{MemoryKind, PageSize, Range};
use core::fmt::Debug;
use std::boxed::Box;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

fn range() -> Option<Range> {
    Range::new(0x1000, 0x1fff)
}

/// No part is what it is in a new machine, and no field of one. No `..` here either.
fn fill(machine: &mut Machine) {
    machine.platform = Platform {
        arch: Some(Arch::X86_64),
        page_size: PageSize::K64,
        total_ram: Some(1),
        available_ram: Some(1),
        firmware: Firmware::Efi,
        acpi_rsdp: 1,
    };
    for map in [&mut machine.memory, &mut machine.iomem] {
        map.add(range().unwrap(), MemoryKind::RAM).unwrap();
    }
    machine.maps = MapFacts {
        source: MemorySource::Iomem,
        iomem_access: IomemAccess::Read,
        full: true,
    };
    machine.crash = CrashReservation {
        region: range(),
        low: range(),
    };
    fill_dump(&mut machine.dump);
    machine.kernel = KernelRanges {
        code: range(),
        rodata: range(),
        data: range(),
        bss: range(),
        image: range(),
    };
    machine.command_line.set(b"quiet\n");
    fill_efi(&mut machine.efi);
    machine.kexec = KexecState {
        loaded: Known::No,
        crash_loaded: Known::No,
        load_disabled: Known::No,
        load_limit_reboot: Some(0),
        load_limit_panic: Some(0),
        lockdown: Lockdown::None,
        cap_sys_boot: Known::No,
    };
    machine.xen = Xen {
        domain: true,
        guest: XenGuest::Pv,
        control: Known::No,
    };
    let mut srat = b"SRAT\x58\0\0\0".to_vec();
    srat.resize(48, 0);
    srat.extend([1, 40]);
    srat.resize(48 + 16, 0);
    srat.extend([1; 16]);
    srat.resize(48 + 40, 0);
    srat[48 + 28] = 3;
    let mut parser = SratParser::new(&mut machine.hot_plug);
    assert!(parser.feed(&srat));
    parser.finish();
    fill_host(&mut machine.host);
    machine.x86.boot_params.set(&[0xff; 4096]);
    machine.x86.five_level_paging = Known::No;
    machine.x86.gbpages = Known::No;
    machine.x86.encrypted_guest = Known::No;
}

fn fill_dump(dump: &mut Dump) {
    let Dump {
        ram,
        ram_full,
        gart,
        cpus,
        vmcoreinfo,
        elfcorehdr_size,
        direct_map,
        text,
        release,
        cma_known: _,
        ..
    } = dump;
    ram.insert(range().unwrap()).unwrap();
    (*ram_full, *gart, *vmcoreinfo) = (true, range(), range());
    cpus.add(0x1000);
    let CpuNotes {
        size,
        absent,
        unread,
        listed,
        full,
        ..
    } = cpus;
    (*size, *absent, *unread, *listed, *full) = (1, 1, 1, Known::No, true);
    (*elfcorehdr_size, *direct_map, *release) = (Some(1), Some(1), (6, 12));
    *text = Some(KernelText {
        virt: 1,
        phys: 1,
        size: 1,
    });
    assert!(dump.set_cma(b"1000-1fff\n"));
}

fn fill_host(host: &mut Host) {
    *host = Host {
        kexec_load: Known::No,
        kexec_file_load: Known::No,
        signatures: Known::No,
        signatures_forced: Known::No,
        secure_boot: Known::No,
        first_user_namespace: Known::No,
        first_pid_namespace: Known::No,
        release: (6, 16),
        handover: Known::No,
        handover_final: Known::No,
        handed_over: Names::NONE,
        live_update: Known::No,
        watchdogs: Watchdogs {
            running: 1,
            unread: 1,
            number: 1,
            timeout: 1,
            no_way_out: Known::No,
        },
    };
    host.handed_over.add(b"x");
}

fn fill_efi(efi: &mut Efi) {
    efi.add(EfiMemoryDescriptor::new([1; 5]).unwrap()).unwrap();
    efi.read_systab(b"ACPI20=0x1\nACPI=0x1\nSMBIOS=0x1\nSMBIOS3=0x1\n");
    (efi.present, efi.map_full, efi.platform_size) = (true, true, 64);
    (efi.fw_vendor, efi.runtime, efi.config_table) = (1, 1, 1);
    (efi.systab, efi.has_map) = (Known::No, Known::No);
}

/// The fields of a struct with their values, by its `Debug`, which has every field.
fn fields(part: &impl Debug) -> Vec<(String, String)> {
    let text = format!("{part:#?}");
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let name = line
            .strip_prefix("    ")
            .filter(|line| !line.starts_with(' '));
        match name.and_then(|line| line.split_once(": ")) {
            Some((name, value)) => fields.push((name.to_string(), value.to_string())),
            None => {
                if let Some((_, value)) = fields.last_mut() {
                    value.push_str(line);
                }
            }
        }
    }
    fields
}

/// Names of the fields that have the same value in both.
fn same(one: &impl Debug, other: &impl Debug) -> Vec<String> {
    let (one, other) = (fields(one), fields(other));
    assert_eq!(one.len(), other.len());
    assert!(!one.is_empty());
    let pairs = one.into_iter().zip(other);
    pairs.filter(|(a, b)| a == b).map(|(a, _)| a.0).collect()
}

/// The command line's array keeps what was in it, so its parts are not compared by `Debug`.
fn compare(one: &Machine, other: &Machine, mut each: impl FnMut(&str, &dyn Debug, &dyn Debug)) {
    // No `..`: a part that is not named here does not compile.
    let Machine {
        platform,
        memory,
        iomem,
        maps,
        crash,
        dump,
        kernel,
        command_line,
        efi,
        kexec,
        xen,
        hot_plug,
        host,
        x86,
    } = one;
    each("platform", platform, &other.platform);
    each("memory", &memory.entries(), &other.memory.entries());
    each("iomem", &iomem.entries(), &other.iomem.entries());
    each("maps", maps, &other.maps);
    each("crash", crash, &other.crash);
    each("dump", dump, &other.dump);
    each("kernel", kernel, &other.kernel);
    let line = |line: &RunningCommandLine| (line.get().map(<[u8]>::to_vec), line.is_too_long());
    each(
        "command_line",
        &line(command_line),
        &line(&other.command_line),
    );
    each("efi", efi, &other.efi);
    each("kexec", kexec, &other.kexec);
    each("xen", xen, &other.xen);
    each("hot_plug", hot_plug, &other.hot_plug);
    each("host", host, &other.host);
    each("x86", x86, &other.x86);
}

#[test]
fn clear_makes_a_machine_equal_to_a_new_one() {
    let new = Box::new(Machine::new());
    let mut machine = Box::new(Machine::new());
    fill(&mut machine);

    // Every part was filled, and every field of it: else what follows would not prove a thing.
    compare(&new, &machine, |part, new, filled| {
        assert_ne!(format!("{new:?}"), format!("{filled:?}"), "{part}");
    });
    let none: [&str; 0] = [];
    assert_eq!(same(&new.platform, &machine.platform), none);
    assert_eq!(same(&new.maps, &machine.maps), none);
    assert_eq!(same(&new.crash, &machine.crash), none);
    assert_eq!(same(&new.dump, &machine.dump), none);
    assert_eq!(same(&new.dump.cpus, &machine.dump.cpus), none);
    assert_eq!(same(&new.kernel, &machine.kernel), none);
    assert_eq!(same(&new.efi, &machine.efi), none);
    assert_eq!(same(&new.kexec, &machine.kexec), none);
    assert_eq!(same(&new.xen, &machine.xen), none);
    assert_eq!(same(&new.hot_plug, &machine.hot_plug), none);
    assert_eq!(same(&new.host, &machine.host), none);
    assert_eq!(same(&new.x86, &machine.x86), none);

    machine.clear();
    compare(&new, &machine, |part, new, cleared| {
        assert_eq!(format!("{new:?}"), format!("{cleared:?}"), "{part}");
    });
    // A line that was too long is forgotten too.
    machine.command_line.set(&[b'x'; 1 << 14]);
    assert!(machine.command_line.is_too_long());
    machine.clear();
    assert!(!machine.command_line.is_too_long());
}
