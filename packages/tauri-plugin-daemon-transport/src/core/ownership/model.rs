//! Ownership against what really happens: several webviews show page after page, requests of former pages come
//! late, and everybody asks about every connection. Only the page that made a connection ever owns it, and only
//! while it is shown.

use proptest::prelude::*;

use super::*;
use crate::core::cases::CASES;

const WEBVIEWS: [&str; 3] = ["main", "settings", "help"];

/// One step of a history. Pages and connections are named by an index into those that exist.
#[derive(Debug, Clone)]
enum Op {
    /// A webview shows a new page, which has the guest library or has not.
    Load { webview: usize, library: bool },
    /// A page, shown or gone, makes a connection.
    Connect(prop::sample::Index),
    /// A page, shown or gone, asks for a connection; it may say an id that is not its own, or none.
    Ask {
        page: prop::sample::Index,
        connection: prop::sample::Index,
        says: Says,
    },
}

#[derive(Debug, Clone, Copy)]
enum Says {
    Truth,
    Nothing,
    /// The id of the page that owns the connection, had it been told.
    OwnersId,
    Random,
}

fn op() -> impl Strategy<Value = Op> {
    let says = prop_oneof![
        6 => Just(Says::Truth),
        1 => Just(Says::Nothing),
        1 => Just(Says::OwnersId),
        1 => Just(Says::Random),
    ];
    prop_oneof![
        3 => (0..WEBVIEWS.len(), prop::bool::weighted(0.7))
            .prop_map(|(webview, library)| Op::Load { webview, library }),
        4 => any::<prop::sample::Index>().prop_map(Op::Connect),
        8 => (any::<prop::sample::Index>(), any::<prop::sample::Index>(), says)
            .prop_map(|(page, connection, says)| Op::Ask { page, connection, says }),
    ]
}

#[derive(Debug, Clone, Copy)]
struct Page {
    webview: usize,
    id: Option<Id>,
    /// Loads of its webview when it was shown.
    load: usize,
    /// Loads of its webview when it was first heard of by name.
    heard: Option<usize>,
}

struct Connection {
    owner: Owner,
    /// The page that made it.
    page: usize,
    /// Loads of its webview when it was made: later than the page's own if its request was late.
    load: usize,
}

#[derive(Default)]
struct World {
    ownership: Ownership,
    loads: [usize; WEBVIEWS.len()],
    pages: Vec<Page>,
    connections: Vec<Connection>,
}

impl World {
    fn shown(&self, page: &Page) -> bool {
        page.load == self.loads[page.webview]
    }

    fn connect(&mut self, at: usize) -> Result<(), TestCaseError> {
        let page = self.pages[at];
        let now = self.loads[page.webview];
        let claimed = self.ownership.claim(WEBVIEWS[page.webview], page.id);
        if self.shown(&page) {
            prop_assert!(claimed.is_some(), "a page that is shown may connect");
        }
        // Heard of before the webview went on: it must be known as a former page, if not too many came since.
        let known = page
            .heard
            .is_some_and(|heard| heard < now && now - heard <= FORMER_PAGES);
        if known && page.id.is_some() {
            prop_assert!(claimed.is_none(), "a former page may not connect");
        }
        let Some(owner) = claimed else { return Ok(()) };
        prop_assert_eq!(&owner.webview, WEBVIEWS[page.webview]);
        if page.id.is_some() {
            // Whoever came late and unknown is taken for the page that is shown, and takes the name's place.
            for other in &mut self.pages {
                if other.webview == page.webview && other.heard == Some(now) {
                    other.heard = None;
                }
            }
            self.pages[at].heard = Some(now);
        }
        self.connections.push(Connection {
            owner,
            page: at,
            load: now,
        });
        Ok(())
    }

    fn ask(&self, asker: &Page, connection: &Connection, says: Says) -> Result<(), TestCaseError> {
        let maker = &self.pages[connection.page];
        let said = match says {
            Says::Truth => asker.id,
            Says::Nothing => None,
            Says::OwnersId => connection.owner.page,
            Says::Random => Some(Id::from_bytes([0xff; 16])),
        };
        let claim = self
            .ownership
            .claim_of(&connection.owner, WEBVIEWS[asker.webview], said);
        let here = asker.webview == maker.webview;
        let current = connection.load == self.loads[maker.webview];
        if claim == Claim::Owner {
            prop_assert!(here, "another webview owns nothing here");
            prop_assert!(current, "a page load has ended it");
            prop_assert!(
                maker.id.is_none() || said == maker.id,
                "another page, or one that says nothing, does not own what a named page made"
            );
        }
        if here && current && said == maker.id {
            prop_assert_eq!(claim, Claim::Owner, "the page that made it owns it");
        }
        // Only a page that tells its name can be the successor of one that is gone.
        if claim == Claim::Successor {
            prop_assert!(here && current && said.is_some() && said != maker.id);
        }
        // The page that is shown comes upon what a late request of a former page has opened: it is released.
        let left_behind = here && current && !self.shown(maker) && maker.id.is_some();
        if left_behind && self.shown(asker) && asker.id.is_some() && matches!(says, Says::Truth) {
            prop_assert_eq!(claim, Claim::Successor);
        }
        Ok(())
    }

    fn step(&mut self, op: Op) -> Result<(), TestCaseError> {
        match op {
            Op::Load { webview, library } => {
                self.ownership.page_gone(WEBVIEWS[webview]);
                self.loads[webview] += 1;
                let number = u128::try_from(self.pages.len()).expect("a count") + 1;
                self.pages.push(Page {
                    webview,
                    id: library.then(|| Id::from_bytes(number.to_be_bytes())),
                    load: self.loads[webview],
                    heard: None,
                });
            }
            Op::Connect(page) if !self.pages.is_empty() => {
                self.connect(page.index(self.pages.len()))?;
            }
            Op::Ask {
                page,
                connection,
                says,
            } if !self.connections.is_empty() => {
                let asker = page.get(&self.pages);
                let connection = connection.get(&self.connections);
                self.ask(asker, connection, says)?;
            }
            Op::Connect(_) | Op::Ask { .. } => {}
        }
        for pages in self.ownership.webviews.values() {
            prop_assert!(pages.former.len() <= FORMER_PAGES);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn a_connection_is_owned_by_the_page_that_made_it_while_that_page_is_shown(
        ops in prop::collection::vec(op(), 0..120)
    ) {
        let mut world = World::default();
        for op in ops {
            world.step(op)?;
        }
    }
}
