//! A plan as a picture of memory, for a serial console: at most 80 columns and 23 lines, so that a
//! prompt fits after it.

use core::fmt::{self, Result, Write};

use heapless::String;
use kexec_core::memory::{MemoryKind, RangeSet};
use kexec_core::plan::Plan;
use kexec_core::route::Route;

use super::View;
use super::rows::{CLASSES, Class, Memory, Row};
use super::size::Size;
use crate::table::Id;

/// Lines with memory; four more are around them.
const ROWS: usize = 19;
/// Columns of a bar.
const BAR: u64 = 16;

/// What a picture is drawn with: a bar's end, and one character for each class of memory.
struct Pen {
    edge: &'static str,
    classes: [&'static str; CLASSES],
}

const ASCII: Pen = Pen {
    edge: "|",
    classes: [".", "+", "-", "%", "#"],
};
const BOXES: Pen = Pen {
    edge: "│",
    classes: ["░", "▒", "─", "▓", "█"],
};

/// Draws it, with ASCII's characters only or with those for boxes. `free` is overwritten.
///
/// # Errors
/// As `out` returns them.
pub fn write(out: &mut dyn Write, view: &View<'_>, free: &mut RangeSet) -> Result {
    let ascii = view.command.given(Id::Ascii);
    let pen = if ascii { &ASCII } else { &BOXES };
    free.clear();
    if let Some((_, details)) = view.plan {
        // It can be made, for the plan was.
        let _made = details.usable(view.machine, free);
    }
    let memory = Memory {
        map: view.machine.memory.entries(),
        free: free.ranges(),
        segments: view.plan().map_or(&[], Plan::segments),
        crash: &view.machine.crash,
    };
    let (ram, ranges) = (Size(view.machine.memory.ram()), memory.map.len());
    writeln!(
        out,
        "memory: {ram} of RAM, {ranges} ranges in the map, from low to high"
    )?;
    for row in &memory.rows(ROWS) {
        right(out, 15, format_args!("{:#x}", row.start))?;
        right(out, 9, format_args!("{}", Size(row.size())))?;
        write!(out, " {}", pen.edge)?;
        bar(out, row, pen)?;
        let planned = view.plan.is_some();
        write!(out, "{} ", pen.edge)?;
        label(out, row, planned)?;
        out.write_str("\n")?;
    }
    let [free, kept, reserved, crash, segment] = pen.classes;
    writeln!(
        out,
        "{segment} segment  {free} free  {kept} other RAM  {reserved} not RAM  {crash} crash \
         reservation; long bars: large"
    )?;
    if let Some(plan) = view.plan() {
        writeln!(
            out,
            "entry {:#x}, then the kernel's {:#x}; flags {:#x}",
            plan.entry, plan.kernel_entry, plan.flags
        )?;
    }
    if view.refused {
        return out.write_str("the load is refused, nothing is placed\n");
    }
    match view.route {
        Some(Route::FileThenLoad) if view.plan.is_some() => out.write_str(
            "kexec_file_load is tried first: the kernel would then place all of it itself\n",
        ),
        Some(Route::File | Route::FileThenLoad) => {
            out.write_str("the running kernel places the segments itself (kexec_file_load)\n")
        }
        _ => Ok(()),
    }
}

/// Writes ASCII characters that end at a column.
fn right(out: &mut dyn Write, column: usize, text: fmt::Arguments<'_>) -> Result {
    let mut buffer = String::<24>::new();
    buffer.write_fmt(text)?;
    for _ in buffer.len()..column {
        out.write_char(' ')?;
    }
    out.write_str(&buffer)
}

/// A bar, the longer the larger the memory (by its logarithm), in which each class has its share.
fn bar(out: &mut dyn Write, row: &Row, pen: &Pen) -> Result {
    let size = row.size().max(1);
    // 4 KiB is one column, four times as much one more.
    let width = u64::from(size.ilog2().saturating_sub(10) / 2).clamp(1, BAR);
    for column in 0..BAR {
        if column >= width {
            out.write_char(' ')?;
            continue;
        }
        // The byte in the middle of the column.
        let half = size
            .checked_div(width.saturating_mul(2))
            .unwrap_or_default();
        let at = half.saturating_mul(column.saturating_mul(2).saturating_add(1));
        out.write_str(class_at(row, at, pen))?;
    }
    Ok(())
}

/// The character for the class that the byte number `at` is of, if each class lay by itself.
fn class_at(row: &Row, at: u64, pen: &Pen) -> &'static str {
    let mut end = 0_u64;
    for (bytes, character) in row.bytes.iter().zip(pen.classes) {
        end = end.saturating_add(*bytes);
        if at < end {
            return character;
        }
    }
    " "
}

/// Writes what is in a row. `planned`: whether it is known what segments may use.
fn label(out: &mut dyn Write, row: &Row, planned: bool) -> Result {
    if let Some((first, last)) = row.segments {
        write!(out, "{first}")?;
        if first != last {
            write!(out, " to {last}")?;
        }
        let others = row.size().saturating_sub(row.of(Class::Segment));
        return size_of(out, others, " between");
    }
    let crash = row.of(Class::Crash) != 0;
    let free = row.of(Class::Free);
    if row.ranges == 1 {
        return out.write_str(match row.kind {
            _ if crash => "crash reservation",
            _ if free != 0 => "free",
            MemoryKind::RAM if planned => "RAM, not for segments",
            kind => kind.name(),
        });
    }
    if crash {
        out.write_str("crash reservation, ")?;
    }
    write!(out, "{} ranges", u64::from(row.ranges))?;
    size_of(out, free, " free")
}

fn size_of(out: &mut dyn Write, size: u64, what: &str) -> Result {
    if size == 0 {
        return Ok(());
    }
    write!(out, ", {}{what}", Size(size))
}
