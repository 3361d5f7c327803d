//! An image family that is no Linux: what `make` asks of it, and passes on to it.

use super::*;
use crate::handover::{Exit, check_nul, initrds};
use crate::passed::Passed;
use crate::purgatory::{BARE_SIZE, PARAMETERS_OFFSET, Registers, layout::offset};
use crate::segment::{Bytes, Items, anywhere};

/// Enters its file's first byte, with the command line in RDI and four bytes of its own in RSI.
struct Foreign<'a> {
    file: &'a [u8],
    rdi: bool,
}

impl<'a> Handover<'a> for Foreign<'a> {
    fn arch(&self) -> Arch {
        Arch::X86_64
    }

    fn check_request(&self, request: &Request<'_, 'a>, crash: bool) -> Result<()> {
        if crash || !request.modules.is_empty() {
            return Err(Error::NotBootable { why: "no crash" });
        }
        Ok(())
    }

    fn check(&self, _: &Machine) -> Result<()> {
        Ok(())
    }

    fn check_command_line(&self, line: &[u8]) -> Result<()> {
        check_nul(line)
    }

    fn reads_acpi(&self) -> bool {
        false
    }

    fn gets_rsdp(&self, _: &Passed<'_, 'a>) -> bool {
        false
    }

    fn items(&self, passed: &Passed<'_, 'a>, items: &mut Items<'a>, _: &mut Remarks) -> Result<()> {
        items.block(anywhere("the image", 4096, u64::MAX));
        items.piece(SegmentKind::Kernel, Bytes::Ready(self.file), 0, 4096);
        initrds(passed.initrds, u64::MAX, items)?;
        let line = passed.command_line.len() + 1;
        items.block(anywhere("the line and the information", 8192, u64::MAX));
        items.piece(SegmentKind::CommandLine, Bytes::Made(line), 0, 4096);
        items.piece(SegmentKind::Info, Bytes::Made(4), 4096, 4096);
        Ok(())
    }

    fn write(
        &self,
        kind: SegmentKind,
        passed: &Passed<'_, 'a>,
        _: &Items<'a>,
        out: &mut [u8],
    ) -> Result<()> {
        if kind == SegmentKind::Info {
            out.copy_from_slice(b"info");
        } else {
            out.fill(0);
            out[..passed.command_line.len()].copy_from_slice(passed.command_line);
        }
        Ok(())
    }

    fn command_line(&self) -> (SegmentKind, usize) {
        (SegmentKind::CommandLine, 0)
    }

    fn exit(&self, items: &Items<'a>) -> Exit {
        let rdi = items.start(SegmentKind::CommandLine);
        Exit::X86Long(Registers {
            rdi: if self.rdi { rdi } else { 0 },
            rsi: items.start(SegmentKind::Info),
            rip: items.start(SegmentKind::Kernel),
            ..Registers::default()
        })
    }
}

const FOREIGN: Foreign<'_> = Foreign {
    file: b"code",
    rdi: true,
};

#[test]
fn two_pieces_are_made_and_the_command_line_is_found() {
    let mut workspace = workspace();
    let machine = machine(&[(1, 1024)]);
    let how = &mut Verifying {
        progress: &mut |_, _| ControlFlow::Continue(()),
    };
    let initrds = [&b"one"[..], b"two"];
    let request = request(b"", &initrds);
    let plan = make(
        &FOREIGN,
        &mut Reboot,
        how,
        &request,
        &machine,
        &mut workspace,
    )
    .unwrap();
    plan.check().unwrap();
    let [kernel, one, two, line, info, purgatory] = plan.segments() else {
        panic!("{:?}", plan.segments())
    };
    assert_eq!((kernel.buf, info.buf), (&b"code"[..], &b"info"[..]));
    assert_eq!((one.buf, two.buf), (&b"one"[..], &b"two"[..]));
    assert_eq!(two.mem, one.mem + 4096);
    assert_eq!(line.buf, b"console=ttyS0 quiet\0");
    assert_eq!(plan.command_line(), b"console=ttyS0 quiet");
    let at = PARAMETERS_OFFSET + offset::REGISTERS;
    let register = |number: usize| u64_at(purgatory.buf, at + 8 * number);
    assert_eq!((register(4), register(5)), (Some(info.mem), Some(line.mem)));
}

#[test]
fn the_bare_purgatory_refuses_registers_that_it_does_not_set() {
    let mut workspace = workspace();
    let machine = machine(&[(1, 1024)]);
    let request = request(b"", &[]);
    let mut planned = |who: &Foreign<'static>| {
        let plan = make(
            who,
            &mut Reboot,
            &mut Bare,
            &request,
            &machine,
            &mut workspace,
        )?;
        Ok(plan.segments().last().map(|purgatory| purgatory.buf.len()))
    };
    let refused = planned(&FOREIGN).unwrap_err();
    assert!(matches!(refused, Error::BadArgument { what } if what.contains("RSI")));
    let without = Foreign {
        rdi: false,
        ..FOREIGN
    };
    assert_eq!(planned(&without), Ok(Some(BARE_SIZE)));
}

#[test]
fn it_says_itself_what_it_refuses_and_needs() {
    let mut workspace = workspace();
    // Booted by EFI, and where its tables are is not known.
    let mut machine = machine(&[(1, 1024)]);
    machine.platform.firmware = Firmware::Efi;
    let request = request(b"", &[]);
    let kernel = bzimage(0x1000);
    let linux = Request {
        kernel: &kernel,
        ..request
    };
    let refused = plan(&linux, &machine, &mut workspace).map(|_| ());
    assert!(matches!(refused, Err(Error::Unknown { .. })), "{refused:?}");
    for brief in [false, true] {
        let who = Foreign {
            rdi: false,
            ..FOREIGN
        };
        let why: &mut dyn Purpose<'_> = if brief { &mut BriefReboot } else { &mut Reboot };
        make(&who, why, &mut Bare, &request, &machine, &mut workspace).unwrap();
    }
    // Before the reservation is looked for, which there is not.
    let crash = &mut Crash::new(CrashOptions::default());
    let refused = make(
        &FOREIGN,
        crash,
        &mut Bare,
        &request,
        &machine,
        &mut workspace,
    )
    .map(|_| ());
    assert_eq!(refused, Err(Error::NotBootable { why: "no crash" }));
}
