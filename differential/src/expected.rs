//! The differences that are meant: one row each, with both values and the reason.
//!
//! docs/differences.md shows this table; a test keeps the two the same.

use crate::compare::{Difference, Value};
use crate::fields::FIELDS;
use crate::image::Image;

/// What a side must have in the field for the row to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// This number.
    Is(u64),
    /// What the image has at the same place.
    Image,
    /// What the running kernel was started with.
    Running,
    /// These words.
    Says(&'static str),
}

impl Rule {
    fn fits(self, value: &Value, field: &str, context: &Context<'_>) -> bool {
        let field = FIELDS.iter().find(|known| known.name == field);
        let same = |page: &[u8]| {
            field.is_some_and(|field| match value {
                Value::Number(number) => *number == crate::handover::number(field.of(page)),
                Value::Bytes(bytes) => bytes == field.of(page),
                Value::Words(_) => false,
            })
        };
        match self {
            Self::Is(number) => match value {
                Value::Number(value) => *value == number,
                Value::Bytes(bytes) => number == 0 && bytes.iter().all(|byte| *byte == 0),
                Value::Words(_) => false,
            },
            Self::Image => same(&context.image.file),
            Self::Running => same(context.running),
            Self::Says(words) => matches!(value, Value::Words(said) if said == words),
        }
    }

    /// In the document.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Is(number) if number < 10 => format!("{number}"),
            Self::Is(number) => format!("{number:#x}"),
            Self::Image => "the image's".into(),
            Self::Running => "the running kernel's".into(),
            Self::Says(words) => words.into(),
        }
    }
}

/// What rules are about.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The image loaded.
    pub image: &'a Image,
    /// The running kernel's boot_params.
    pub running: &'a [u8],
}

/// A difference that is meant.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The field, as [`Difference::field`].
    pub field: &'static str,
    /// kexec-tools' side.
    pub reference: Rule,
    /// libkexec's side.
    pub ours: Rule,
    /// Why.
    pub reason: &'static str,
}

impl Row {
    /// Whether it speaks of this difference.
    #[must_use]
    pub fn fits(&self, difference: &Difference, context: &Context<'_>) -> bool {
        let Difference {
            field,
            reference,
            ours,
        } = difference;
        self.field == field
            && self.reference.fits(reference, field, context)
            && self.ours.fits(ours, field, context)
    }
}

/// All rows, in the order of boot_params.
pub const ROWS: &[Row] = &[];
