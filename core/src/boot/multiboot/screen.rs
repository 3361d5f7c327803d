//! The screen that the running kernel was given (struct screen_info, include/uapi/linux/screen_info.h), as
//! multiboot kernels get its description.

use crate::bytes::{u8_at, u16_at, u32_at};

/// orig_video_cols and _lines, of a text screen.
const COLS: usize = 0x07;
const LINES: usize = 0x0e;
/// orig_video_isVGA.
const KIND: usize = 0x0f;
const WIDTH: usize = 0x12;
const HEIGHT: usize = 0x14;
const DEPTH: usize = 0x16;
const BASE: usize = 0x18;
const LINE_LENGTH: usize = 0x24;
/// Size and position of red, then of green and blue.
const RED: usize = 0x26;
const CAPABILITIES: usize = 0x36;
const BASE_HIGH: usize = 0x3a;
const BASE_64: u32 = 2;

/// VIDEO_TYPE_VLFB and VIDEO_TYPE_EFI: a frame buffer. A VGA in text mode is 1.
const VLFB: u8 = 0x23;
const EFI: u8 = 0x70;
const TEXT: u8 = 1;

/// framebuffer_type.
const RGB: u8 = 1;
const EGA_TEXT: u8 = 2;

/// A screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Screen {
    pub address: u64,
    pub pitch: u32,
    pub width: u32,
    pub height: u32,
    pub depth: u8,
    pub kind: u8,
    /// Position and size of red, green and blue.
    pub colors: [u8; 6],
}

impl Screen {
    /// Of a screen_info; `None` if it has neither a frame buffer of direct colours nor a text screen.
    pub(crate) fn of(info: &[u8; 64]) -> Option<Self> {
        let half = |offset| u16_at(info, offset).map(u32::from);
        match u8_at(info, KIND)? {
            VLFB | EFI => {
                let wide = u32_at(info, CAPABILITIES)? & BASE_64 != 0;
                let high = u32_at(info, BASE_HIGH).filter(|_| wide).unwrap_or(0);
                let mut colors = [0; 6];
                for (pair, from) in colors.chunks_exact_mut(2).zip([RED, RED + 2, RED + 4]) {
                    if let ([position, size], Some(at)) = (pair, info.get(from..)) {
                        (*size, *position) = (u8_at(at, 0)?, u8_at(at, 1)?);
                    }
                }
                let screen = Self {
                    address: u64::from(high) << 32 | u64::from(u32_at(info, BASE)?),
                    pitch: half(LINE_LENGTH)?,
                    width: half(WIDTH)?,
                    height: half(HEIGHT)?,
                    depth: u8::try_from(half(DEPTH)?).ok()?,
                    kind: RGB,
                    colors,
                };
                // Below 15 bits a pixel is an index of a palette, which is not known.
                (screen.depth >= 15 && screen.address != 0).then_some(screen)
            }
            TEXT => {
                let cols = u8_at(info, COLS).map(u32::from).filter(|cols| *cols != 0)?;
                Some(Self {
                    address: 0xb_8000,
                    pitch: cols.saturating_mul(2),
                    width: cols,
                    height: u8_at(info, LINES)?.into(),
                    depth: 16,
                    kind: EGA_TEXT,
                    colors: [0; 6],
                })
            }
            _ => None,
        }
    }

    /// Bytes of `colors` that are in use.
    pub(super) const fn colors(&self) -> &[u8] {
        if self.kind == RGB { &self.colors } else { &[] }
    }
}
