//! Parts of a page that unfold: the browser's own `details`, of which it is known whether they are unfolded.

use leptos::html::Details;
use leptos::prelude::*;

/// One of them.
#[derive(Clone, Copy)]
pub struct Disclosure {
    /// The element.
    pub details: NodeRef<Details>,
    /// Whether it is unfolded.
    pub is_open: RwSignal<bool>,
}

impl Disclosure {
    /// For an element that is folded when the page is made. On a slow line it may be unfolded before it comes alive.
    pub fn folded() -> Self {
        let fold = Self { details: NodeRef::new(), is_open: RwSignal::new(false) };
        Effect::new(move || fold.look());
        fold
    }

    /// Takes note of how it is; to be called whenever that changes.
    pub fn look(self) {
        self.is_open.set(self.details.get_untracked().is_some_and(|details| details.open()));
    }

    /// Folds it.
    pub fn close(self) {
        if let Some(details) = self.details.get_untracked() {
            details.set_open(false);
        }
    }
}
