//! A kernel that replaces the running one.

use super::{Purpose, Scene, known, usable};
use crate::error::Result;
use crate::memory::RangeSet;
use crate::note::Remarks;

/// Starts the kernel by a reboot (`kexec -e`).
#[derive(Clone, Copy, Debug)]
pub struct Reboot;

impl Purpose<'_> for Reboot {
    fn check(&self, scene: &Scene<'_>, remarks: &mut Remarks) -> Result<()> {
        known::check(scene, remarks)?;
        known::check_iomem(scene, remarks)
    }

    fn open(&mut self, scene: &mut Scene<'_>, free: &mut RangeSet) -> Result<()> {
        open(scene, free)
    }
}

/// The same for programs that must be tiny. There is one short text for all unknown facts, and the
/// caller checks format, entry and modules of the request.
#[derive(Clone, Copy, Debug)]
pub struct BriefReboot;

impl Purpose<'_> for BriefReboot {
    fn is_brief(&self) -> bool {
        true
    }

    fn check(&self, scene: &Scene<'_>, _: &mut Remarks) -> Result<()> {
        known::check_brief(scene)
    }

    fn open(&mut self, scene: &mut Scene<'_>, free: &mut RangeSet) -> Result<()> {
        open(scene, free)
    }
}

fn open(scene: &Scene<'_>, free: &mut RangeSet) -> Result<()> {
    let (min, max) = scene.bounds.both();
    Ok(usable(scene.machine, min, max, free)?)
}
