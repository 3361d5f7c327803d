//! The way from a request to a plan, the same for every image, purpose and seal.

use heapless::Vec;

use super::seal::{Orders, Seal};
use super::{Limits, Plan, Request, SEGMENT_MAX, Segment, Workspace};
use crate::error::{Error, Result};
use crate::handover::Handover;
use crate::machine::Machine;
use crate::passed::Passed;
use crate::purpose::{Purpose, Scene};
use crate::segment::{Arena, Bounds, Bytes, Items, place};

/// Plans to start `who`, for the reason `why`, sealed by `how`.
///
/// With trait objects it is one function for all of them; with types it is one for just these, and
/// smaller.
///
/// # Errors
/// What the three say, [`Error::NoMemoryMap`], [`Error::BadArgument`] for limits that exclude each
/// other, [`Error::TooManySegments`], [`Error::NoHole`], [`Error::Full`].
pub fn make<'a, W, P, S>(
    who: &W,
    why: &mut P,
    how: &mut S,
    request: &Request<'_, 'a>,
    machine: &Machine,
    workspace: &'a mut Workspace,
) -> Result<Plan<'a>>
where
    W: Handover<'a> + ?Sized,
    P: Purpose<'a> + ?Sized,
    S: Seal<'a> + ?Sized,
{
    how.check(who.arch(), &request.options)?;
    if !why.is_brief() {
        who.check_request(request, why.is_crash())?;
    }
    check(who, request, machine)?;
    let (free, mut room, code) = workspace.split();
    let mut plan = Plan::new(who.arch(), Limits::of(machine));
    let mut scene = scene(who, request, machine, &plan.limits);
    why.check(&scene, &mut plan.remarks)?;
    why.open(&mut scene, free)?;
    let mut passed = passed(request, machine);
    let rsdp = who.gets_rsdp(&passed);
    why.pass(&mut passed, rsdp, &scene, free, &mut room)?;
    who.check_command_line(passed.command_line)?;
    let mut items = Items::new();
    who.items(&passed, &mut items, &mut plan.remarks)?;
    why.items(&mut items);
    how.items(&mut items, who.exit_below());
    items.check()?;
    (why.placed())
        .and_then(|()| place(&mut items, &scene.bounds, free))
        .map_err(|error| why.no_room(error, &mut items, &scene, free))?;
    who.placed(&items, &mut plan.remarks);
    plan.command_line = who.command_line();
    plan.find_command_line = who.find_command_line();
    plan.segments = segments(who, &passed, &items, &mut room.arena)?;
    let exit = who.exit(&items);
    how.check_exit(&exit)?;
    let orders = Orders::new(&exit, request, &passed, &items, &scene.bounds);
    let sealed = how.seal(&orders, &plan.segments, code)?;
    plan.finish(sealed, &orders, why, machine);
    Ok(plan)
}

/// What can be checked before anything is computed.
fn check<'a, W>(who: &W, request: &Request<'_, 'a>, machine: &Machine) -> Result<()>
where
    W: Handover<'a> + ?Sized,
{
    if machine.platform.arch.is_some_and(|arch| arch != who.arch()) {
        return Err(Error::NotBootable {
            why: "it is for another architecture than the running kernel",
        });
    }
    who.check(machine)?;
    who.check_command_line(request.command_line)?;
    if machine.memory.is_empty() {
        return Err(Error::NoMemoryMap);
    }
    if request.options.mem_min > request.options.mem_max {
        return Err(Error::BadArgument {
            what: "mem_min, the lowest address to use, is above mem_max, the highest",
        });
    }
    Ok(())
}

fn scene<'s, 'a, W>(
    who: &W,
    request: &'s Request<'_, 'a>,
    machine: &'s Machine,
    limits: &Limits,
) -> Scene<'s>
where
    W: Handover<'a> + ?Sized,
{
    // Segments end below the limit, not at it.
    let last = limits.destination.saturating_sub(1);
    let page_size = machine.platform.page_size;
    Scene {
        options: &request.options,
        command_line: request.command_line,
        machine,
        acpi: who.reads_acpi(),
        memory_map: who.gets_memory_map(),
        bounds: Bounds::new(who.lowest(), last, &request.options, page_size),
    }
}

fn passed<'t, 'a>(request: &Request<'t, 'a>, machine: &'t Machine) -> Passed<'t, 'a> {
    Passed {
        command_line: request.command_line,
        memory: &machine.memory,
        initrds: request.initrds,
        modules: request.modules,
        dtb: request.dtb,
        rng_seed: request.rng_seed,
        efi: request.options.efi,
        machine,
        crash: None,
    }
}

/// The segments, with everything in them but the purgatory.
fn segments<'a, W>(
    who: &W,
    passed: &Passed<'_, 'a>,
    items: &Items<'a>,
    arena: &mut Arena<'a>,
) -> Result<Vec<Segment<'a>, SEGMENT_MAX>>
where
    W: Handover<'a> + ?Sized,
{
    let mut segments = Vec::new();
    for piece in items.pieces() {
        let buf: &'a [u8] = match piece.bytes {
            Bytes::Ready(bytes) => bytes,
            Bytes::Made(size) => {
                let out = arena.cut(size)?;
                who.write(piece.kind, passed, items, out)?;
                out
            }
            Bytes::Zero => &[],
        };
        // As many as pieces.
        let _ = segments.push(Segment {
            kind: piece.kind,
            buf,
            mem: items.address(piece),
            memsz: passed.machine.platform.page_size.up(piece.size),
        });
    }
    Ok(segments)
}
