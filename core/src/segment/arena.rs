//! The workspace's bytes, allocated in order.

use crate::error::{Error, Result};

/// The free part of the workspace's bytes. Allocated parts outlive the arena.
#[derive(Debug)]
pub struct Arena<'a> {
    rest: &'a mut [u8],
    capacity: usize,
}

impl<'a> Arena<'a> {
    /// All of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a mut [u8]) -> Self {
        let capacity = bytes.len();
        Self {
            rest: bytes,
            capacity,
        }
    }

    /// The next `size` bytes, with their old contents.
    ///
    /// # Errors
    /// [`Error::Full`] when there are not as many left.
    pub fn cut(&mut self, size: usize) -> Result<&'a mut [u8]> {
        let rest = core::mem::take(&mut self.rest);
        match rest.split_at_mut_checked(size) {
            Some((cut, rest)) => {
                self.rest = rest;
                Ok(cut)
            }
            None => Err(Error::Full {
                what: "Workspace::CAPACITY",
                capacity: self.capacity as u64,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_follow_each_other_up_to_the_end() {
        let mut bytes = [0_u8; 8];
        let mut arena = Arena::new(&mut bytes);
        let (one, two) = (arena.cut(3).unwrap(), arena.cut(5).unwrap());
        one.fill(1);
        two.fill(2);
        assert_eq!(arena.cut(0).unwrap(), []);
        assert!(matches!(arena.cut(1), Err(Error::Full { capacity: 8, .. })));
        assert_eq!(bytes, [1, 1, 1, 2, 2, 2, 2, 2]);
    }
}
