//! Disclosures: native `details` elements whose state the page knows.

use leptos::html::Details;
use leptos::prelude::*;

/// A `details` element and whether it is open.
#[derive(Clone, Copy)]
pub struct Disclosure {
    /// The element.
    pub details: NodeRef<Details>,
    /// Whether it is open.
    pub is_open: RwSignal<bool>,
}

impl Disclosure {
    /// Creates the state of a closed element. On a slow connection the user may open it before it is hydrated; then the
    /// state follows after hydration.
    pub fn closed() -> Self {
        let disclosure = Self { details: NodeRef::new(), is_open: RwSignal::new(false) };
        Effect::new(move || disclosure.sync());
        disclosure
    }

    /// Copies the state of the element. Must be called on each `toggle` event.
    pub fn sync(self) {
        self.is_open.set(self.details.get_untracked().is_some_and(|details| details.open()));
    }

    /// Closes the element.
    pub fn close(self) {
        if let Some(details) = self.details.get_untracked() {
            details.set_open(false);
        }
    }
}
