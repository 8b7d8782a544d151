//! Toasts: what has happened, shown for a while and read out. thaw draws them; it does not announce them, so a live
//! region beside them does.

use std::time::Duration;

use leptos::prelude::*;
use thaw::{
    Button, ButtonAppearance, ButtonSize, ButtonType, Toast, ToastBody, ToastFooter, ToastIntent, ToastOptions,
    ToastTitle, ToasterInjection,
};
use uuid::Uuid;

use super::page_data;
use crate::api::paths::LOGIN_PATH;
use crate::i18n::export::Texts;

/// How long news stays, since it was last pointed at or had the focus. Bad news stays until it is dismissed.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How a toast is looked at.
const POINTED: usize = 0;
const FOCUSED: usize = 1;

/// Shows toasts.
#[derive(Clone, Copy)]
pub struct Toasts {
    toaster: ToasterInjection,
    words: &'static Texts,
    polite: RwSignal<String>,
    urgent: RwSignal<String>,
}

impl Toasts {
    /// Those of the toaster around the page, which has to be there.
    pub fn expect() -> Self {
        let (toaster, words) = (ToasterInjection::expect_context(), page_data::language().export());
        Self { toaster, words, polite: RwSignal::default(), urgent: RwSignal::default() }
    }

    /// Takes away what was shown, and forgets what was announced: the same words again would be no change, and not be
    /// read out.
    pub fn clear(self) {
        self.toaster.dismiss_all();
        self.polite.set(String::new());
        self.urgent.set(String::new());
    }

    /// Something went well.
    pub fn success(self, title: &'static str, body: String) {
        self.polite.set(format!("{title}. {body}"));
        self.show("success", title, body, ToastIntent::Success, TIMEOUT, None);
    }

    /// Something was done that is neither good nor bad.
    pub fn info(self, title: &'static str, body: String) {
        self.polite.set(format!("{title}. {body}"));
        self.show("info", title, body, ToastIntent::Info, TIMEOUT, None);
    }

    /// Something failed: what, and in whose words.
    pub fn error(self, title: &'static str, body: String) {
        self.urgent.set(format!("{title}. {body}"));
        self.show("error", title, body, ToastIntent::Error, Duration::ZERO, None);
    }

    /// The session has ended: where to begin a new one without losing what is on this page.
    pub fn signed_out(self) {
        let (title, body) = (self.words.you_are_signed_out, self.words.sign_in_elsewhere);
        self.urgent.set(format!("{title}. {body}"));
        let link = Some((LOGIN_PATH, self.words.sign_in_in_tab));
        self.show("error", title, body.to_owned(), ToastIntent::Error, Duration::ZERO, link);
    }

    fn show(
        self,
        kind: &'static str,
        title: &'static str,
        body: String,
        intent: ToastIntent,
        timeout: Duration,
        link: Option<(&'static str, &'static str)>,
    ) {
        let id = Uuid::new_v4();
        let Self { toaster, words, .. } = self;
        let dismiss = move |_| toaster.dismiss_toast(id);
        // thaw's own time would go on while somebody reads. What was waited for before somebody did is of no account.
        let waits = StoredValue::new(0_u32);
        let wait = move || {
            waits.update_value(|waits| *waits += 1);
            let this = waits.get_value();
            let dismiss = move || {
                if waits.try_get_value() == Some(this) {
                    toaster.dismiss_toast(id);
                }
            };
            if !timeout.is_zero() {
                set_timeout(dismiss, timeout);
            }
        };
        let looks = StoredValue::new([false; 2]);
        let looked_at = move |how: usize, is_looked_at: bool| {
            looks.update_value(|looks| looks[how] = is_looked_at);
            waits.update_value(|waits| *waits += 1);
            if looks.get_value() == [false; 2] {
                wait();
            }
        };
        wait();
        let toast = move || {
            view! {
                // A landmark, so that it can be jumped to.
                <section
                    aria-label=title
                    on:pointerenter=move |_| looked_at(POINTED, true)
                    on:pointerleave=move |_| looked_at(POINTED, false)
                    on:focusin=move |_| looked_at(FOCUSED, true)
                    on:focusout=move |_| looked_at(FOCUSED, false)
                >
                <Toast class=format!("toast toast--{kind}")>
                    <ToastTitle>{title}</ToastTitle>
                    <ToastBody>{body}</ToastBody>
                    <ToastFooter>
                        {link.map(|(href, text)| view! { <a href=href target="_blank">{text}</a> })}
                        <Button
                            appearance=ButtonAppearance::Transparent
                            size=ButtonSize::Small
                            button_type=ButtonType::Button
                            on_click=dismiss
                        >
                            {words.dismiss}
                        </Button>
                    </ToastFooter>
                </Toast>
                </section>
            }
        };
        toaster.dispatch_toast(
            toast,
            ToastOptions::default().with_id(id).with_intent(intent).with_timeout(Duration::ZERO),
        );
    }
}

/// Where screen readers hear of toasts.
#[component]
pub fn LiveRegion(
    /// Whose toasts.
    toasts: Toasts,
) -> impl IntoView {
    view! {
        <div class="visually-hidden" role="status">{move || toasts.polite.get()}</div>
        <div class="visually-hidden" role="alert">{move || toasts.urgent.get()}</div>
    }
}
