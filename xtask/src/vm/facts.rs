//! What the guests said about themselves: `FACT hop=N name=value` on the serial line.

/// What every such line has in it.
pub const FACT: &str = "FACT hop=";

/// All facts of a run, in the order they were said.
#[derive(Debug, Default)]
pub struct Facts(Vec<Fact>);

#[derive(Debug)]
struct Fact {
    hop: usize,
    name: String,
    value: String,
}

impl Facts {
    /// Takes a line of the serial log.
    pub fn read(&mut self, line: &str) {
        if let Some(fact) = parse(line) {
            self.0.push(fact);
        }
    }

    /// Every value of a fact in a hop.
    pub fn all(&self, hop: usize, name: &str) -> Vec<&str> {
        let matching = |fact: &&Fact| fact.hop == hop && fact.name == name;
        let values = self.0.iter().filter(matching);
        values.map(|fact| fact.value.as_str()).collect()
    }

    /// The value of a fact that is said once.
    pub fn one(&self, hop: usize, name: &str) -> Option<&str> {
        match self.all(hop, name).as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Whether the kernel of a hop was heard from.
    pub fn reached(&self, hop: usize) -> bool {
        self.0.iter().any(|fact| fact.hop == hop)
    }
}

fn parse(line: &str) -> Option<Fact> {
    let (_, fact) = line.split_once(FACT)?;
    let (hop, fact) = fact.split_once(' ')?;
    let (name, value) = fact.split_once('=')?;
    Some(Fact {
        hop: hop.parse().ok()?,
        name: name.into(),
        value: value.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::Facts;

    #[test]
    fn facts_keep_their_hop_and_their_equal_signs() {
        let mut facts = Facts::default();
        facts.read("[    1.0] noise FACT hop=2 cmdline=a=b c=d");
        facts.read("FACT hop=2 memmap=one");
        facts.read("FACT hop=2 memmap=two");
        facts.read("FACT hop=x memmap=two");
        assert_eq!(facts.one(2, "cmdline"), Some("a=b c=d"));
        assert_eq!(facts.all(2, "memmap"), ["one", "two"]);
        assert_eq!(facts.one(2, "memmap"), None);
        assert!(facts.reached(2) && !facts.reached(1));
    }
}
