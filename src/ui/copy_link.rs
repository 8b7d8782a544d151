//! A link to the export that the form describes, for tools that can send no header.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::browser;
use super::copy_button::CopyButton;
use crate::api::links::{MINUTES, SignedLink, sign_link};
use crate::error::ApiError;
use crate::export::ExportParams;

/// Which of the offered minutes the settings allow; the most that they allow where that is less than all of them.
fn offered(most: u32) -> Vec<u32> {
    let mut minutes: Vec<_> = MINUTES.into_iter().filter(|minutes| *minutes <= most).collect();
    if minutes.is_empty() {
        minutes.push(most);
    }
    minutes
}

fn in_words(minutes: u32) -> String {
    match (minutes, minutes % 60) {
        (1, _) => "1 minute".to_owned(),
        (60, _) => "1 hour".to_owned(),
        (_, 0) => format!("{} hours", minutes / 60),
        _ => format!("{minutes} minutes"),
    }
}

/// Asks for how long, signs and copies.
#[component]
pub fn CopyLink(
    /// What the form describes.
    #[prop(into)]
    params: Signal<Result<ExportParams, ApiError>>,
    /// For how many minutes a link may work.
    link_max_minutes: u32,
) -> impl IntoView {
    let choices = offered(link_max_minutes);
    let minutes = RwSignal::new(choices[0].to_string());
    let signed = RwSignal::new(None::<Result<SignedLink, ApiError>>);
    let told = RwSignal::new(String::new());
    let forget = move || {
        signed.set(None);
        told.set(String::new());
    };
    // Another selection is another link: the one that is shown is for what was selected then.
    Effect::new(move |before: Option<()>| {
        params.track();
        if before.is_some() {
            forget();
        }
    });
    let make = move |_| {
        forget();
        let asked_for = params.get_untracked();
        spawn_local(async move {
            let asked = match &asked_for {
                Ok(params) => sign_link(params.to_query(), minutes.get_untracked()).await,
                Err(error) => Err(error.clone()),
            };
            if params.get_untracked() != asked_for {
                return;
            }
            if let Ok(SignedLink { url, minutes }) = &asked {
                let copied = browser::copy(&format!("{}{url}", browser::origin())).await;
                let how = if copied { "Link copied" } else { "Here is the link. Copy it from the field below" };
                told.set(format!("{how}. It works for {}.", in_words(*minutes)));
            }
            signed.set(Some(asked));
        });
    };
    let options =
        choices.into_iter().map(|minutes| view! { <option value=minutes.to_string()>{in_words(minutes)}</option> });
    view! {
        <details class="card needs-script">
            <summary>"Link for another tool"</summary>
            <div class="stack">
                <p class="hint">
                    "For tools that fetch an address and cannot sign in. Whoever has the link can fetch this export until \
                     it expires, you sign out, or you lose the right to see these cameras."
                </p>
                <div class="copyable">
                    <div class="field">
                        <label for="link-minutes">"Works for"</label>
                        <select
                            id="link-minutes"
                            prop:value=move || minutes.get()
                            on:change:target=move |event| minutes.set(event.target().value())
                        >
                            {options.collect_view()}
                        </select>
                    </div>
                    <button type="button" on:click=make>"Copy link"</button>
                </div>
                <p role="status">{move || told.get()}</p>
                {move || signed.get().map(|signed| match signed {
                    Ok(signed) => leptos::either::Either::Left(view! {
                        <div class="copyable">
                            <input
                                id="signed-link"
                                aria-label="The link"
                                readonly
                                prop:value=format!("{}{}", browser::origin(), signed.url)
                            />
                            <CopyButton of="signed-link"/>
                        </div>
                    }),
                    Err(error) => leptos::either::Either::Right(view! { <p class="problem" role="alert">{error.detail}</p> }),
                })}
            </div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_offered_than_the_settings_allow() {
        assert_eq!(offered(60), [5, 15, 60]);
        assert_eq!(offered(2), [2]);
        assert_eq!(offered(100_000), MINUTES);
    }

    #[test]
    fn minutes_are_told_in_words() {
        for (minutes, words) in
            [(1, "1 minute"), (15, "15 minutes"), (60, "1 hour"), (90, "90 minutes"), (240, "4 hours")]
        {
            assert_eq!(in_words(minutes), words);
        }
    }
}
