//! Why each segment lies where it lies, in words.

use core::fmt::{Result, Write};

use kexec_core::memory::RangeSet;
use kexec_core::plan::{Above, Placed};

use super::View;
use super::size::Size;
use crate::table::Id;

/// Writes two or three lines for each block, if that is asked for. `free` is overwritten.
///
/// # Errors
/// As `out` returns them.
pub fn write(out: &mut dyn Write, view: &View<'_>, free: &mut RangeSet) -> Result {
    if view.command.given(Id::Explain) && view.kernel_places() {
        out.write_str("why: the running kernel places the segments, by rules of its own\n")?;
    }
    let Some(details) = view.reasons() else {
        return Ok(());
    };
    // It can be made, for the plan was.
    let _made = details.usable(view.machine, free);
    let top = free.ranges().last().map_or(0, |range| range.last());
    let blocks = details.blocks();
    let mut result = Ok(());
    for block in blocks.iter().filter(|block| block.window.is_none()) {
        head(out, block)?;
        out.write_str("  placed first: the new kernel is passed its address\n")?;
    }
    let _made = details.reasons(view.machine, free, &mut |_, block, above| {
        if result.is_ok() {
            result = reason(out, block, above, blocks, top);
        }
    });
    result
}

fn head(out: &mut dyn Write, block: &Placed) -> Result {
    let (start, last) = (block.place.start(), block.place.last());
    let size = Size(block.place.size());
    write!(out, "why {}: {start:#x}-{last:#x}, {size}", block.kind)?;
    match block.window {
        Some(window) => writeln!(out, ", aligned to {}", Size(window.align)),
        None => out.write_str("\n"),
    }
}

/// `top` is the highest address that segments may use.
fn reason(
    out: &mut dyn Write,
    block: &Placed,
    above: &Above,
    blocks: &[Placed],
    top: u64,
) -> Result {
    head(out, block)?;
    let Some(window) = block.window else {
        return Ok(());
    };
    let limit = |is: bool, option: &'static str| if is { option } else { "" };
    let min = limit(window.narrowed.by_mem_min(), " (--mem-min)");
    let max = limit(window.narrowed.by_mem_max(), " (--mem-max)");
    writeln!(
        out,
        "  window: {:#x}{min} to {:#x}{max}",
        window.min, window.max
    )?;
    if let Some(near) = block.near {
        let within = Size(near.within);
        writeln!(out, "  in one range of {within} with the {}", near.to)?;
    }
    if above.size == 0 {
        return out.write_str("  as high as the window allows\n");
    }
    let next = above.next.and_then(|next| blocks.get(next));
    if let Some(next) = next {
        let placed = Size(above.placed);
        writeln!(
            out,
            "  above it: {placed} placed before, lowest the {}",
            next.kind
        )?;
    }
    let beyond = window.max.saturating_sub(top.max(block.place.last()));
    if beyond != 0 {
        writeln!(out, "  no RAM for segments above {top:#x}")?;
    }
    let unusable = above.unusable().saturating_sub(beyond);
    if unusable != 0 {
        let size = Size(unusable);
        writeln!(out, "  above it: {size} that segments may not use")?;
    }
    if above.free != 0 {
        let (free, largest) = (Size(above.free), Size(above.largest));
        writeln!(
            out,
            "  above it: {free} free, at most {largest} in one range: too small"
        )?;
    }
    Ok(())
}
