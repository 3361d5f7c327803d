//! Plans of crash kernels: all in the reservation, and an elfcorehdr that goblin reads back.

use arbitrary::Unstructured;
use goblin::elf::Elf;
use goblin::elf::program_header::{PT_LOAD, PT_NOTE};
use kexec_core::plan::{CrashOptions, SegmentKind};

use crate::case::{Case, Region};
use crate::machine::MachineCase;
use crate::model::{self, Entry, Span, span};
use crate::plan::{Planned, of_kind, planned, same_map};

/// Memory that can be copied, and the end of low memory.
const BACKED_UP: u64 = 0xa_0000;
const MIB: u64 = 1 << 20;

/// The target.
pub fn run(data: &[u8]) {
    if let Ok(mut case) = Unstructured::new(data).arbitrary::<Case>() {
        case.wanted.to_boot = false;
        planned(&case, &mut |made| check(made));
    }
}

fn check(made: &Planned<'_>) {
    let Planned { case, plan, .. } = made;
    let CrashOptions { hotplug, .. } = case.wanted.options.crash.expect("a crash kernel");
    let dump = &case.machine.dump;
    let region = dump.region.expect("planned without a reservation");
    let control = plan.control_pages().expect("pages for the running kernel");
    assert!(control.fixed >= 10);
    let first = region.start + (control.fixed + control.tables) * 4096;
    for segment in plan.segments() {
        assert!(
            segment.mem >= first,
            "{segment:?} takes the running kernel's pages"
        );
        assert!(
            segment.mem + (segment.memsz - 1) <= region.last,
            "{segment:?} outside of the reservation"
        );
    }
    assert_eq!(plan.flags & 1, 1);
    let old = dump.release != (0, 0) && dump.release < (5, 5);
    let mut backups = plan
        .segments()
        .iter()
        .filter(|segment| segment.kind == SegmentKind::Backup);
    let backup = backups.next().map(|segment| segment.mem);
    assert_eq!(backup.is_some(), old, "low memory's copy");
    let header = of_kind(plan, SegmentKind::CoreHeader);
    if let Some(size) = dump.header_size.filter(|_| hotplug) {
        assert!(
            header.memsz >= size + 64,
            "no room for the kernel's own header"
        );
    }
    command_line(made, header.mem);
    core_header(&case.machine, header.buf, backup);
    let mut reserved = vec![(header.mem, header.mem + header.memsz - 1)];
    reserved.extend(backup.map(|start| (start, start + BACKED_UP - 1)));
    same_map(
        &expected(&case.machine, region, &reserved),
        &made.passed().memory,
    );
}

fn command_line(made: &Planned<'_>, header: u64) {
    let line = &made.passed().command_line;
    let first = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    assert_eq!(first, format!("elfcorehdr={}K", header >> 10).as_bytes());
    assert_eq!(header % 1024, 0);
    assert!(line.ends_with(&made.case.wanted.command_line));
}

/// The map that the crash kernel must get.
fn expected(machine: &MachineCase, region: Region, reserved: &[(u64, u64)]) -> Vec<Entry> {
    let mut map = Vec::new();
    for ((start, end), kind) in model::resolve(&machine.memory) {
        let last = (end - 1) as u64;
        match kind {
            1 if start < u128::from(MIB) => map.push((start as u64, last.min(MIB - 1), 1)),
            1 => {}
            0xefff_ffff => map.push((start as u64, last, 2)),
            kind => map.push((start as u64, last, kind)),
        }
    }
    for region in [Some(region), machine.dump.low].into_iter().flatten() {
        map.push((region.start, region.last, 1));
    }
    map.extend(reserved.iter().map(|(start, last)| (*start, *last, 2)));
    map
}

fn core_header(machine: &MachineCase, bytes: &[u8], backup: Option<u64>) {
    let elf = Elf::parse(bytes).expect("goblin reads the elfcorehdr");
    assert!(elf.is_64 && elf.little_endian);
    assert_eq!((elf.header.e_type, elf.header.e_machine), (4, 62));
    let dump = &machine.dump;
    let headers = &elf.program_headers;
    let notes = headers.iter().take_while(|header| header.p_type == PT_NOTE);
    let notes: Vec<(u64, u64)> = notes.map(|note| (note.p_paddr, note.p_memsz)).collect();
    let info = dump.vmcoreinfo.expect("planned without vmcoreinfo");
    let mut wanted: Vec<(u64, u64)> = dump.cpus.iter().map(|cpu| (*cpu, 368)).collect();
    wanted.push((info.start, (info.last - info.start).saturating_add(1)));
    assert_eq!(notes, wanted, "the notes");
    let mut loads = &headers[notes.len()..];
    assert!(loads.iter().all(|load| load.p_type == PT_LOAD));
    if machine.dump.kcore {
        assert_eq!(
            (loads[0].p_vaddr, loads[0].p_paddr),
            (0xffff_ffff_a820_0000, 0x1420_0000)
        );
        loads = &loads[1..];
    }
    let map = if machine.dump.kcore {
        0xffff_8f4b_4000_0000
    } else if machine.five_level {
        0xff11_0000_0000_0000
    } else {
        0xffff_8880_0000_0000
    };
    let mut passed: Vec<Span> = Vec::new();
    for load in loads {
        assert_eq!(load.p_vaddr, load.p_paddr.wrapping_add(map));
        assert_eq!(load.p_filesz, load.p_memsz);
        assert!(load.p_memsz != 0);
        let from = match backup {
            Some(backup) if load.p_paddr < BACKED_UP => backup + load.p_paddr,
            _ => load.p_paddr,
        };
        assert_eq!(load.p_offset, from, "what is dumped of {:#x}", load.p_paddr);
        let start = u128::from(load.p_paddr);
        passed.push((start, start + u128::from(load.p_memsz)));
    }
    let ram = machine.iomem.iter().filter(|(.., kind)| *kind == 1);
    let ram: Vec<Span> = ram.map(|(start, last, _)| span(*start, *last)).collect();
    let low = if backup.is_some() { BACKED_UP } else { 0 };
    let mut not = vec![span(low, MIB - 1)];
    for region in [dump.region, dump.low, dump.gart].into_iter().flatten() {
        not.push(span(region.start, region.last));
    }
    assert_eq!(passed, model::without(&ram, &not), "the dumped RAM");
}
