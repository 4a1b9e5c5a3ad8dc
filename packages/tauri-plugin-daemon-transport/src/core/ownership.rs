//! Whose a connection is. It belongs to one webview and to one page in it; a page load ends that page's epoch,
//! and what a former page asks for late is refused.

use std::collections::{HashMap, VecDeque};

use super::id::Id;
use crate::limits::FORMER_PAGES;

/// The owner of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The label of the webview.
    pub webview: String,
    /// Page loads of that webview until then.
    pub epoch: u64,
    /// The id that the init script gave the page; `None` for a page that does without the guest library.
    pub page: Option<Id>,
}

/// What a request is to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The owner itself.
    Owner,
    /// The page now in the owner's webview, which is another page: the owner is gone.
    Successor,
    /// Somebody else.
    Stranger,
}

#[derive(Debug, Default)]
struct Pages {
    epoch: u64,
    current: Option<Id>,
    former: VecDeque<Id>,
}

/// The pages of all webviews.
#[derive(Debug, Default)]
pub struct Ownership {
    webviews: HashMap<String, Pages>,
}

impl Ownership {
    /// A webview shows another page, or none: it was loaded, has crashed, or its window is gone. A later webview
    /// of the same label begins a new epoch.
    pub fn page_gone(&mut self, webview: &str) {
        let pages = self.webviews.entry(webview.to_owned()).or_default();
        pages.epoch += 1;
        if let Some(page) = pages.current.take() {
            pages.former.push_front(page);
            pages.former.truncate(FORMER_PAGES);
        }
    }

    /// The owner that a connect request of this page makes; `None` if the page is a former one.
    pub fn claim(&mut self, webview: &str, page: Option<Id>) -> Option<Owner> {
        let pages = self.webviews.entry(webview.to_owned()).or_default();
        if let Some(page) = page {
            if pages.former.contains(&page) {
                return None;
            }
            pages.current = Some(page);
        }
        Some(Owner {
            webview: webview.to_owned(),
            epoch: pages.epoch,
            page,
        })
    }

    /// What a request from this webview, with this page id, is to the owner of a connection.
    pub fn claim_of(&self, owner: &Owner, webview: &str, page: Option<Id>) -> Claim {
        let pages = self.webviews.get(webview);
        if owner.webview != webview || owner.epoch != pages.map_or(0, |pages| pages.epoch) {
            return Claim::Stranger;
        }
        match (owner.page, page) {
            (Some(owner), Some(page)) if owner == page => Claim::Owner,
            (None, _) => Claim::Owner,
            (Some(_), None) => Claim::Stranger,
            (Some(_), Some(page)) if pages.is_some_and(|pages| pages.former.contains(&page)) => {
                Claim::Stranger
            }
            (Some(_), Some(_)) => Claim::Successor,
        }
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests {
    use super::*;

    const A: Option<Id> = Some(Id::from_bytes([1; 16]));
    const B: Option<Id> = Some(Id::from_bytes([2; 16]));

    #[test]
    fn only_the_page_that_connected_owns_the_connection() {
        let mut ownership = Ownership::default();
        ownership.page_gone("main");
        ownership.page_gone("other");
        let owner = ownership.claim("main", A).expect("current");
        assert_eq!(ownership.claim_of(&owner, "main", A), Claim::Owner);
        assert_eq!(ownership.claim_of(&owner, "other", A), Claim::Stranger);
        assert_eq!(ownership.claim_of(&owner, "main", None), Claim::Stranger);
    }

    #[test]
    fn a_page_load_ends_what_the_page_owned_and_its_late_requests_are_known() {
        let mut ownership = Ownership::default();
        let owner = ownership.claim("main", A).expect("current");
        ownership.page_gone("main");
        assert_eq!(ownership.claim_of(&owner, "main", A), Claim::Stranger);
        assert_eq!(ownership.claim_of(&owner, "main", B), Claim::Stranger);
        assert_eq!(ownership.claim("main", A), None);
        assert!(ownership.claim("main", B).is_some());
    }

    #[test]
    fn a_page_without_an_id_owns_what_it_opened_until_the_next_load() {
        let mut ownership = Ownership::default();
        let owner = ownership.claim("main", None).expect("current");
        assert_eq!(ownership.claim_of(&owner, "main", None), Claim::Owner);
        ownership.page_gone("main");
        assert_eq!(ownership.claim_of(&owner, "main", None), Claim::Stranger);
    }

    #[test]
    fn the_page_that_took_the_place_of_an_unknown_one_is_its_successor() {
        let mut ownership = Ownership::default();
        // A late connect of a page that was never heard of before its successor was loaded.
        ownership.page_gone("main");
        let owner = ownership
            .claim("main", A)
            .expect("taken for the current page");
        assert_eq!(ownership.claim_of(&owner, "main", B), Claim::Successor);
    }

    #[test]
    fn a_window_of_the_same_label_begins_anew() {
        let mut ownership = Ownership::default();
        let owner = ownership.claim("main", None).expect("current");
        ownership.page_gone("main");
        assert_eq!(ownership.claim_of(&owner, "main", None), Claim::Stranger);
    }
}
