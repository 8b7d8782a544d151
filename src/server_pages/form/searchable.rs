//! The search above a list of cameras or people. Without script, the server leaves out what does not match; with script,
//! `public/plain.js` does so while the user types, and keeps what was checked.

use leptos::prelude::*;

use crate::ui::page_data;

/// From this number of entries on, a list has a search.
pub const MIN_SEARCHED: usize = 8;

/// The search above a list, if there is enough to search.
#[component]
pub fn Search(
    /// The path of the page.
    action: String,
    /// The id of the element around the list.
    list: &'static str,
    /// The label of the field.
    label: &'static str,
    /// What was searched for; empty if the list is complete.
    search: String,
    /// The number of entries that match.
    found: usize,
    /// The number of all entries.
    total: usize,
) -> impl IntoView {
    let language = page_data::language();
    let texts = language.forms();
    let is_complete = search.is_empty();
    (total >= MIN_SEARCHED || !is_complete).then(|| {
        let total = language.count(total as u64);
        let count = |found: &str| (texts.found)(found, &total);
        let status = if is_complete { String::new() } else { count(&language.count(found as u64)) };
        let show_all = (!is_complete).then(|| view! { <a href=action.clone() rel="external">{texts.show_all}</a> });
        view! {
            <form
                class="search"
                role="search"
                action=action
                data-filters=list
                data-complete=is_complete.then_some("")
                data-found=count("{}")
            >
                <input type="search" name="search" aria-label=label placeholder=label autocomplete="off" value=search/>
                <button class=is_complete.then_some("without-script")>{texts.search}</button>
                {show_all}
                <p class="hint" role="status">{status}</p>
            </form>
        }
    })
}

/// A list that scrolls within its card, because it may be long. The keyboard can scroll it.
#[component]
pub fn LongList(
    /// The id, for the search.
    id: &'static str,
    /// The id of the heading.
    labelled_by: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <div id=id class="list scroll" role="region" aria-labelledby=labelled_by tabindex="0">
            {children()}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::language::Language;
    use crate::api::page::Content;
    use crate::ui::test_support::render;

    fn search(search: &'static str, found: usize, total: usize) -> String {
        render(Language::German, Content::Nothing, move || {
            view! { <Search action="/x".to_owned() list="l" label="L" search=search.to_owned() found total/> }
        })
    }

    #[test]
    fn a_short_list_has_no_search_unless_it_was_searched() {
        assert!(!search("", 7, 7).contains("<form"));
        let complete = search("", 1_000, 1_000);
        assert!(complete.contains("data-complete") && complete.contains("data-found=\"{} von 1.000\""), "{complete}");
        let searched = search("a\"b", 2, 7);
        for part in ["value=\"a&quot;b\"", ">2 von 7<", "href=\"/x\""] {
            assert!(searched.contains(part), "{part} in {searched}");
        }
        assert!(!searched.contains("data-complete"), "{searched}");
    }
}
