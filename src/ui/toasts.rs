//! Toasts: messages that are shown for a while. thaw draws them but does not announce them to screen readers; a live region
//! beside them does.

use std::time::Duration;

use leptos::prelude::*;
use thaw::{
    Button, ButtonAppearance, ButtonSize, ButtonType, Toast, ToastBody, ToastFooter, ToastIntent, ToastOptions,
    ToastTitle, ToasterInjection,
};
use uuid::Uuid;

use super::{browser, page_data};
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

/// How a toast looks and behaves.
#[derive(Clone, Copy)]
struct Kind {
    /// The end of its CSS class.
    class: &'static str,
    intent: ToastIntent,
    /// Whether it is announced at once and stays until it is dismissed.
    is_urgent: bool,
}

const SUCCESS: Kind = Kind { class: "success", intent: ToastIntent::Success, is_urgent: false };
const INFO: Kind = Kind { class: "info", intent: ToastIntent::Info, is_urgent: false };
const ERROR: Kind = Kind { class: "error", intent: ToastIntent::Error, is_urgent: true };

/// A change of what the user attends to: [`DismissTimer::point`] or [`DismissTimer::focus`].
type AttentionChange = fn(&mut DismissTimer, bool) -> Option<u32>;

/// Decides when a toast is dismissed. thaw's own timeout does not stop while the user reads.
#[derive(Clone, Copy, Debug, Default)]
struct DismissTimer {
    /// The number of the last timer, which begins with 0. Earlier timers no longer count.
    last: u32,
    is_pointed_at: bool,
    is_focused: bool,
}

impl DismissTimer {
    /// Notes whether the pointer is over the toast. Returns the timer to start, if the toast has lost all attention.
    fn point(&mut self, is_pointed_at: bool) -> Option<u32> {
        self.is_pointed_at = is_pointed_at;
        self.attention_changed()
    }

    /// Notes whether the focus is in the toast. Returns the timer to start, if the toast has lost all attention.
    fn focus(&mut self, is_focused: bool) -> Option<u32> {
        self.is_focused = is_focused;
        self.attention_changed()
    }

    fn attention_changed(&mut self) -> Option<u32> {
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
    toaster: ToasterInjection,
    texts: &'static Texts,
    polite: RwSignal<String>,
    urgent: RwSignal<String>,
}

impl Toasts {
    /// Uses the `ToasterProvider` around the page, which must exist.
    pub fn expect() -> Self {
        let (toaster, texts) = (ToasterInjection::expect_context(), page_data::language().export());
        Self { toaster, texts, polite: RwSignal::default(), urgent: RwSignal::default() }
    }

    /// Removes all toasts and announcements. The same announcement again would otherwise be no change, and screen readers
    /// would not read it.
    pub fn clear(self) {
        self.toaster.dismiss_all();
        self.polite.set(String::new());
        self.urgent.set(String::new());
    }

    /// Shows a notification and announces it.
    pub fn show(self, notification: Notification) {
        let (kind, title, body, link) = match notification {
            Notification::Success(title, body) => (SUCCESS, title, body, None),
            Notification::Info(title, body) => (INFO, title, body, None),
            Notification::Error(title, body) => (ERROR, title, body, None),
            Notification::SignedOut => {
                let texts = self.texts;
                let link = Some((login_url(&browser::address()), texts.sign_in_in_tab));
                (ERROR, texts.you_are_signed_out, texts.sign_in_elsewhere.to_owned(), link)
            }
        };
        let region = if kind.is_urgent { self.urgent } else { self.polite };
        region.set(format!("{title}. {body}"));
        self.dispatch(kind, title, body, link);
    }

    fn dispatch(self, kind: Kind, title: &'static str, body: String, link: Option<(String, &'static str)>) {
        let id = Uuid::new_v4();
        let toaster = self.toaster;
        let timer = StoredValue::new(DismissTimer::default());
        let wait = move |number: u32| {
            let dismiss = move || {
                if timer.try_get_value().is_some_and(|timer| timer.is_due(number)) {
                    toaster.dismiss_toast(id);
                }
            };
            if !kind.is_urgent {
                browser::call_later(dismiss, TIMEOUT);
            }
        };
        let attend = move |change: AttentionChange, is_on: bool| {
            let mut next = timer.get_value();
            let number = change(&mut next, is_on);
            timer.set_value(next);
            number.into_iter().for_each(wait);
        };
        wait(0);
        let dismiss = move || toaster.dismiss_toast(id);
        let toast = move || toast_view(kind, title, body, link, self.texts.dismiss, dismiss, attend);
        let options = ToastOptions::default().with_id(id).with_intent(kind.intent).with_timeout(Duration::ZERO);
        toaster.dispatch_toast(toast, options);
    }
}

/// A toast: its message, an optional link, and the button that dismisses it.
fn toast_view(
    kind: Kind,
    title: &'static str,
    body: String,
    link: Option<(String, &'static str)>,
    dismiss_label: &'static str,
    dismiss: impl Fn() + Send + Sync + 'static,
    attend: impl Fn(AttentionChange, bool) + Copy + 'static,
) -> impl IntoView {
    view! {
        // A landmark, so that screen readers can jump to it.
        <section
            aria-label=title
            on:pointerenter=move |_| attend(DismissTimer::point, true)
            on:pointerleave=move |_| attend(DismissTimer::point, false)
            on:focusin=move |_| attend(DismissTimer::focus, true)
            on:focusout=move |_| attend(DismissTimer::focus, false)
        >
        <Toast class=format!("toast toast--{}", kind.class)>
            <ToastTitle>{title}</ToastTitle>
            <ToastBody>{body}</ToastBody>
            <ToastFooter>
                {link.map(|(href, text)| view! { <a href=href target="_blank">{text}</a> })}
                <Button
                    appearance=ButtonAppearance::Transparent
                    size=ButtonSize::Small
                    button_type=ButtonType::Button
                    on_click=move |_| dismiss()
                >
                    {dismiss_label}
                </Button>
            </ToastFooter>
        </Toast>
        </section>
    }
}

/// The live region in which screen readers hear toasts.
pub fn live_region(toasts: Toasts) -> impl IntoView {
    view! {
        <div class="visually-hidden" role="status">{move || toasts.polite.get()}</div>
        <div class="visually-hidden" role="alert">{move || toasts.urgent.get()}</div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::language::Language;
    use crate::api::page::Content;
    use crate::ui::test_support::{render, to_html};

    #[test]
    fn a_toast_stays_while_the_pointer_or_the_focus_is_on_it() {
        let mut timer = DismissTimer::default();
        let first = 0;
        assert!(timer.is_due(first));
        assert_eq!(timer.point(true), None);
        assert!(!timer.is_due(first), "the pointer is over it");
        assert_eq!(timer.focus(true), None);
        assert_eq!(timer.point(false), None, "the focus is still in it");
        let second = timer.focus(false).expect("a timer after the focus has left");
        assert!(timer.is_due(second) && !timer.is_due(first));
    }

    #[test]
    fn a_second_look_starts_the_time_again() {
        let mut timer = DismissTimer::default();
        timer.point(true);
        let second = timer.point(false).expect("a timer");
        timer.point(true);
        let third = timer.point(false).expect("a timer");
        assert!(!timer.is_due(second) && timer.is_due(third));
    }

    #[test]
    fn errors_are_announced_at_once_and_other_messages_politely() {
        render(Language::English, Content::Nothing, || {
            let toasts = Toasts::expect();
            let announced = || (toasts.polite.get_untracked(), toasts.urgent.get_untracked());
            toasts.show(Notification::Success("Export complete", "a.csv".to_owned()));
            assert_eq!(announced(), ("Export complete. a.csv".to_owned(), String::new()));
            toasts.show(Notification::Info("Export cancelled", "No file.".to_owned()));
            assert_eq!(announced().0, "Export cancelled. No file.");
            toasts.show(Notification::Error("Export failed", "Why.".to_owned()));
            assert_eq!(announced().1, "Export failed. Why.");
            toasts.show(Notification::SignedOut);
            assert!(announced().1.starts_with("You are signed out. "), "{:?}", announced());
            let html = to_html(live_region(toasts));
            assert!(
                html.contains("role=\"status\" class=\"visually-hidden\">Export cancelled. No file.</div>"),
                "{html}"
            );
            assert!(html.contains("role=\"alert\" class=\"visually-hidden\">You are signed out. "), "{html}");
            toasts.clear();
            assert_eq!(announced(), (String::new(), String::new()));
        });
    }

    #[test]
    fn a_toast_shows_its_message_its_link_and_a_button_to_dismiss_it() {
        let html = render(Language::German, Content::Nothing, || {
            let link = Some(("/login".to_owned(), "Anmelden"));
            provide_context(ToastIntent::Error);
            toast_view(ERROR, "Titel", "a < b".to_owned(), link, "Ausblenden", || {}, |_, _| {})
        });
        for part in [
            "<section aria-label=\"Titel\">",
            "toast--error",
            "a &lt; b",
            "<a href=\"/login\" target=\"_blank\">Anmelden</a>",
            "Ausblenden",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }
}
