//! The running kernel's boot_params page (/sys/kernel/boot_params/data).

/// A copy of the 4096-byte page, or nothing.
#[derive(Clone, Debug)]
pub struct RunningBootParams {
    page: [u8; 4096],
    present: bool,
}

impl Default for RunningBootParams {
    fn default() -> Self {
        Self::new()
    }
}

impl RunningBootParams {
    /// Nothing known.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            page: [0; 4096],
            present: false,
        }
    }

    /// Takes the page over; anything but 4096 bytes is no boot_params and leaves nothing known.
    pub fn set(&mut self, bytes: &[u8]) {
        if let Some(page) = bytes.first_chunk::<4096>() {
            self.page = *page;
            self.present = true;
        } else {
            self.present = false;
        }
    }

    /// The page, if it could be read.
    #[must_use]
    pub fn get(&self) -> Option<&[u8; 4096]> {
        self.present.then_some(&self.page)
    }
}
