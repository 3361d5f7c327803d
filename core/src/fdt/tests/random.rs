//! Generated trees and edits against a model that is a list of nodes, and damaged trees.

use super::edits::text;
use super::*;
use crate::testing::Random;
use std::format;
use std::string::String;

const NAMES: [&str; 6] = ["bootargs", "reg", "kaslr-seed", "rng-seed", "args", "x"];

/// A tree of its own, in memory.
#[derive(Clone, Debug, PartialEq)]
struct Model {
    name: String,
    properties: Vec<(String, Vec<u8>)>,
    children: Vec<Model>,
}

impl Model {
    fn random(random: &mut Random, name: &str, depth: u32) -> Self {
        let properties = (0..random.below(4)).map(|number| {
            let name = NAMES[(random.below(3) * 2 + number % 2) as usize % 6];
            let value = (0..random.below(9)).map(|_| random.next() as u8).collect();
            (String::from(name), value)
        });
        let mut properties: Vec<(String, Vec<u8>)> = properties.collect();
        properties.sort();
        properties.dedup_by(|a, b| a.0 == b.0);
        let count = if depth == 3 { 0 } else { random.below(4) };
        let children = (0..count).map(|number| {
            let name = match random.below(4) {
                0 => String::from("chosen"),
                1 => format!("chosen@{number}"),
                _ => format!("cpu@{number}"),
            };
            Self::random(random, &name, depth + 1)
        });
        let children = children.collect();
        Self {
            name: String::from(name),
            properties,
            children,
        }
    }

    fn write(&self, random: &mut Random, tree: Tree) -> Tree {
        let mut tree = tree.begin(&self.name);
        for (name, value) in &self.properties {
            if random.below(3) == 0 {
                tree = tree.nop();
            }
            tree = tree.property(name, value);
        }
        for child in &self.children {
            tree = child.write(random, tree);
        }
        if random.below(3) == 0 {
            tree = tree.nop();
        }
        tree.end()
    }

    fn edit(&mut self, set: &[(String, Vec<u8>)], remove: &[&str]) {
        let is_chosen = |child: &Self| child.name.split('@').next() == Some("chosen");
        let at = match self.children.iter().position(is_chosen) {
            Some(at) => at,
            None if set.is_empty() => return,
            None => {
                self.children.push(Self {
                    name: String::from("chosen"),
                    properties: Vec::new(),
                    children: Vec::new(),
                });
                self.children.len() - 1
            }
        };
        let properties = &mut self.children[at].properties;
        properties.retain(|(name, _)| {
            !remove.contains(&name.as_str()) && !set.iter().any(|(new, _)| new == name)
        });
        properties.extend(set.iter().cloned());
    }
}

#[test]
fn a_copy_is_what_a_model_of_it_is() {
    let mut made = 0;
    for seed in 0..4000 {
        let mut random = Random::new(seed);
        let mut model = Model::random(&mut random, "", 0);
        let tree = model.write(&mut random, Tree::default());
        let blob = tree.blob();
        let mut set = Vec::new();
        for name in NAMES {
            if random.below(3) == 0 {
                set.push((
                    String::from(name),
                    std::vec![name.len() as u8; random.below(7) as usize],
                ));
            }
        }
        let remove: Vec<_> = NAMES.into_iter().filter(|_| random.below(3) == 0).collect();
        let remove: Vec<_> = remove
            .into_iter()
            .filter(|name| set.iter().all(|(set, _)| set != name))
            .collect();
        let properties = set.iter().map(|(name, value)| Property {
            name: name.as_bytes(),
            value,
        });
        let properties: Vec<_> = properties.collect();
        let removed: Vec<_> = remove.iter().map(|name| name.as_bytes()).collect();
        let edits = Edits {
            set: &properties,
            remove: &removed,
            ..Edits::NONE
        };
        let fdt = Fdt::parse(&blob).unwrap();
        let mut out = std::vec![0; fdt.room(&edits)];
        let size = fdt.edit(&edits, &mut out).unwrap();
        let before = model.clone();
        model.edit(&set, &remove);
        made += u32::from(before != model);
        let expected = model.write(&mut Random::new(seed), Tree::default()).blob();
        assert_eq!(text(&out[..size]), text(&expected), "seed {seed}");
    }
    assert!(made > 2000, "{made}");
}

#[test]
fn a_damaged_tree_is_refused_or_can_be_copied() {
    let whole = board().blob();
    let (mut refused, mut copied) = (0, 0);
    for seed in 0..40_000 {
        let mut random = Random::new(seed);
        let mut blob = whole.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(blob.len() as u64) as usize;
            blob[at] = random.next() as u8;
        }
        let Ok(fdt) = Fdt::parse(&blob) else {
            refused += 1;
            continue;
        };
        copied += 1;
        let set = [Property {
            name: b"bootargs",
            value: b"x\0",
        }];
        let edits = Edits {
            set: &set,
            ..Edits::NONE
        };
        let mut out = std::vec![0; fdt.room(&edits)];
        let size = fdt.edit(&edits, &mut out).unwrap();
        let copy = Fdt::parse(&out[..size]).unwrap();
        let chosen = copy.node(b"/chosen").unwrap();
        assert_eq!(
            chosen.property(b"bootargs"),
            Some(&b"x\0"[..]),
            "seed {seed}"
        );
    }
    assert!(refused > 1000 && copied > 1000, "{refused} {copied}");
}
