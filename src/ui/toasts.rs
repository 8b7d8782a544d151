//! Toasts: messages that are shown for a while, one at a time. A live region announces them to screen readers.

use std::time::Duration;

use leptos::prelude::*;

use super::browser;
use crate::api::language::Language;
use crate::api::paths::login_url;
use crate::i18n::export::Texts;

/// How long a toast stays after the pointer and the focus have left it. Errors stay until they are dismissed.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A message that can be shown as a toast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notification {
    /// Something succeeded.
    Success(&'static str, String),
    /// Something was done that is neither a success nor a failure.
    Info(&'static str, String),
    /// Something failed.
    Error(&'static str, String),
    /// The session has ended. The toast links to the sign-in in a new tab, so that the page keeps its state.
    SignedOut,
}

impl Notification {
    /// Returns how to show the notification, its title and its text.
    pub fn parts(&self, texts: &Texts) -> (Kind, &'static str, String) {
        match self {
            Self::Success(title, body) => (SUCCESS, title, body.clone()),
            Self::Info(title, body) => (INFO, title, body.clone()),
            Self::Error(title, body) => (ERROR, title, body.clone()),
            Self::SignedOut => (ERROR, texts.you_are_signed_out, texts.sign_in_elsewhere.to_owned()),
        }
    }
}

/// How a notification looks and behaves.
#[derive(Clone, Copy)]
pub struct Kind {
    /// The CSS classes of its toast.
    class: &'static str,
    /// The CSS class of the state of an export that has ended like this.
    pub state_class: &'static str,
    /// Whether it is announced at once and stays until it is dismissed.
    is_urgent: bool,
}

const SUCCESS: Kind = Kind { class: "toast toast--success", state_class: "state--completed", is_urgent: false };
const INFO: Kind = Kind { class: "toast toast--info", state_class: "state--cancelled", is_urgent: false };
const ERROR: Kind = Kind { class: "toast toast--error", state_class: "state--failed", is_urgent: true };

/// Decides when a toast is dismissed: not while the user reads it.
#[derive(Clone, Copy, Debug, Default)]
struct DismissTimer {
    /// The number of the last timer. Earlier timers no longer count.
    last: u32,
    is_pointed_at: bool,
    is_focused: bool,
}

impl DismissTimer {
    /// Changes whether the toast has the pointer or the focus. Returns the timer to start, if it has neither.
    fn change(&mut self, change: fn(&mut Self)) -> Option<u32> {
        change(self);
        self.last += 1;
        (!self.is_pointed_at && !self.is_focused).then_some(self.last)
    }

    /// Returns whether the end of a timer dismisses the toast.
    fn is_due(self, timer: u32) -> bool {
        self.last == timer
    }
}

/// Shows toasts.
#[derive(Clone, Copy)]
pub struct Toasts {
    texts: &'static Texts,
    shown: RwSignal<Option<Notification>>,
    timer: StoredValue<DismissTimer>,
    polite: RwSignal<String>,
    urgent: RwSignal<String>,
}

impl Toasts {
    /// Creates the toasts of a page, which [`toast_area`] shows.
    pub fn new(language: Language) -> Self {
        Self {
            texts: language.export(),
            shown: RwSignal::default(),
            timer: StoredValue::default(),
            polite: RwSignal::default(),
            urgent: RwSignal::default(),
        }
    }

    /// Removes the toast and all announcements. The same announcement again would otherwise be no change, and screen readers
    /// would not read it.
    pub fn clear(self) {
        self.dismiss();
        self.polite.set(String::new());
        self.urgent.set(String::new());
    }

    /// Shows a notification in place of the current one, and announces it.
    pub fn show(self, notification: Notification) {
        self.announce(&notification, "");
        self.replace(notification);
    }

    /// Has screen readers read a notification, after `name` unless that is empty.
    pub fn announce(self, notification: &Notification, name: &str) {
        let (kind, title, body) = notification.parts(self.texts);
        let region = if kind.is_urgent { self.urgent } else { self.polite };
        region.set(format!("{name}{}{title}. {body}", if name.is_empty() { "" } else { ". " }));
    }

    /// Shows a notification in place of the current one, without an announcement.
    pub fn replace(self, notification: Notification) {
        self.shown.set(Some(notification));
        // The pointer or the focus may be on the current one.
        self.attend(|_| {});
    }

    fn dismiss(self) {
        self.shown.set(None);
        // Browsers do not report that the pointer and the focus have left a removed element.
        self.attend(|timer| (timer.is_pointed_at, timer.is_focused) = (false, false));
    }

    /// Notes a change of the user's attention, and starts the timer if the toast has none.
    fn attend(self, change: fn(&mut DismissTimer)) {
        let mut timer = self.timer.get_value();
        let next = timer.change(change);
        self.timer.set_value(timer);
        let is_urgent = self.shown.with_untracked(|shown| match shown {
            Some(notification) => notification.parts(self.texts).0.is_urgent,
            None => true,
        });
        if let Some(number) = next.filter(|_| !is_urgent) {
            let dismiss = move || {
                if self.timer.try_get_value().is_some_and(|timer| timer.is_due(number)) {
                    self.dismiss();
                }
            };
            browser::call_later(dismiss, TIMEOUT);
        }
    }
}

/// The current toast, and the live regions in which screen readers hear all of them.
pub fn toast_area(toasts: Toasts) -> impl IntoView {
    view! {
        <div class="visually-hidden" role="status">{move || toasts.polite.get()}</div>
        <div class="visually-hidden" role="alert">{move || toasts.urgent.get()}</div>
        <div class="toasts">{move || toasts.shown.get().map(|shown| toast_view(&shown, toasts))}</div>
    }
}

/// A toast: its message, and the button that dismisses it.
fn toast_view(notification: &Notification, toasts: Toasts) -> impl IntoView + use<> {
    let texts = toasts.texts;
    let (kind, title, body) = notification.parts(texts);
    let sign_in = (*notification == Notification::SignedOut).then(|| {
        let address = browser::local(&login_url(&browser::address()));
        view! { <a href=address target="_blank">{texts.sign_in_in_tab}</a> }
    });
    view! {
        // A landmark, so that screen readers can jump to it.
        <section
            class=kind.class
            aria-label=title
            on:pointerenter=move |_| toasts.attend(|timer| timer.is_pointed_at = true)
            on:pointerleave=move |_| toasts.attend(|timer| timer.is_pointed_at = false)
            on:focusin=move |_| toasts.attend(|timer| timer.is_focused = true)
            on:focusout=move |_| toasts.attend(|timer| timer.is_focused = false)
        >
            <div>
                <b>{title}</b>
                <p>{body}</p>
            </div>
            <p>
                {sign_in}
                <button type="button" class="quiet" on:click=move |_| toasts.dismiss()>{texts.dismiss}</button>
            </p>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::page::Content;
    use crate::ui::test_support::{render, to_html};

    #[test]
    fn a_toast_stays_while_the_pointer_or_the_focus_is_on_it() {
        let mut timer = DismissTimer::default();
        let first = timer.change(|_| {}).expect("a timer");
        assert!(timer.is_due(first));
        assert_eq!(timer.change(|timer| timer.is_pointed_at = true), None);
        assert!(!timer.is_due(first), "the pointer is over it");
        assert_eq!(timer.change(|timer| timer.is_focused = true), None);
        assert_eq!(timer.change(|timer| timer.is_pointed_at = false), None, "the focus is still in it");
        let second = timer.change(|timer| timer.is_focused = false).expect("a timer after the focus has left");
        assert!(timer.is_due(second) && !timer.is_due(first));
    }

    #[test]
    fn a_second_look_or_another_message_starts_the_time_again() {
        let mut timer = DismissTimer::default();
        timer.change(|timer| timer.is_pointed_at = true);
        let second = timer.change(|timer| timer.is_pointed_at = false).expect("a timer");
        timer.change(|timer| timer.is_pointed_at = true);
        assert_eq!(timer.change(|_| {}), None, "another message under the pointer");
        let third = timer.change(|timer| timer.is_pointed_at = false).expect("a timer");
        assert!(!timer.is_due(second) && timer.is_due(third));
    }

    #[test]
    fn a_toast_replaces_the_one_before_and_goes_when_its_time_is_over() {
        render(Language::English, Content::Nothing, || {
            let toasts = Toasts::new(Language::English);
            let shown = || toasts.shown.get_untracked();
            toasts.show(Notification::Success("Export complete", "a.csv".to_owned()));
            let first = toasts.timer.get_value().last;
            toasts.show(Notification::Success("Export complete", "b.csv".to_owned()));
            assert!(!toasts.timer.get_value().is_due(first), "the first one's time no longer counts");
            assert_eq!(shown(), Some(Notification::Success("Export complete", "b.csv".to_owned())));
            toasts.attend(|timer| timer.is_pointed_at = true);
            toasts.dismiss();
            assert_eq!(shown(), None);
            assert!(!toasts.timer.get_value().is_pointed_at, "the pointer was on the one that is gone");
        });
    }

    #[test]
    fn errors_are_announced_at_once_and_other_messages_politely() {
        render(Language::English, Content::Nothing, || {
            let toasts = Toasts::new(Language::English);
            let announced = || (toasts.polite.get_untracked(), toasts.urgent.get_untracked());
            toasts.show(Notification::Success("Export complete", "a.csv".to_owned()));
            assert_eq!(announced(), ("Export complete. a.csv".to_owned(), String::new()));
            toasts.show(Notification::Info("Export cancelled", "No file.".to_owned()));
            assert_eq!(announced().0, "Export cancelled. No file.");
            toasts.show(Notification::Error("Export failed", "Why.".to_owned()));
            assert_eq!(announced().1, "Export failed. Why.");
            toasts.show(Notification::SignedOut);
            assert!(announced().1.starts_with("You are signed out. "), "{:?}", announced());
            let html = to_html(toast_area(toasts));
            assert!(
                html.contains("role=\"status\" class=\"visually-hidden\">Export cancelled. No file.</div>"),
                "{html}"
            );
            assert!(html.contains("role=\"alert\" class=\"visually-hidden\">You are signed out. "), "{html}");
            // Beside others, an export is named.
            toasts.announce(&Notification::Success("Export complete", "a.csv".to_owned()), "all cameras");
            assert_eq!(announced().0, "all cameras. Export complete. a.csv");
            toasts.clear();
            assert_eq!(announced(), (String::new(), String::new()));
        });
    }

    #[test]
    fn a_toast_shows_its_message_its_link_and_a_button_to_dismiss_it() {
        let html = |notification| {
            render(Language::German, Content::Nothing, || {
                let toasts = Toasts::new(Language::German);
                toasts.replace(notification);
                toast_area(toasts)
            })
        };
        let error = html(Notification::Error("Titel", "a < b".to_owned()));
        for part in [
            "<section aria-label=\"Titel\" class=\"toast toast--error\">",
            "<div><b>Titel</b><p>a &lt; b</p></div>",
            "class=\"quiet\">Ausblenden</button>",
        ] {
            assert!(error.contains(part), "{part} in {error}");
        }
        assert!(!error.contains("<a"), "{error}");
        let signed_out = html(Notification::SignedOut);
        assert!(signed_out.contains("target=\"_blank\">In neuem Tab anmelden</a>"), "{signed_out}");
    }
}
