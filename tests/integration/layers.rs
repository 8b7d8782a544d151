//! The layers of the modules: imports point down, there are no circles, and folders are small.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The layers of the crate from the top. A module may import modules of the layers below its own, and none of its own layer.
const LAYERS: [&[&str]; 12] = [
    &["main", "lib"],
    &["cli"],
    &["web"],
    &["server_pages"],
    &["app"],
    &["ui"],
    &["functions"],
    &["server", "i18n"],
    &["export_params"],
    &["api"],
    &["error"],
    &["messages"],
];

/// The layers within `server`, in the same way.
const SERVER_LAYERS: [&[&str]; 9] = [
    &["state"],
    &["demo"],
    &["retention"],
    &["export", "ingest"],
    &["accounts"],
    &["db"],
    &["logging", "metrics"],
    &["settings"],
    &["formula_guard", "internal_error", "retry", "stored_message"],
];

/// The maximum number of Rust files in a folder.
const MAX_FILES: usize = 14;

/// The sources by the path of their module, such as `server::db::pool`.
type Sources = BTreeMap<String, String>;

/// An import: the module that imports and the one that is imported.
type Import = (String, String);

fn sources() -> Sources {
    fn read(folder: &Path, prefix: &str, sources: &mut Sources) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{prefix}{}", path.file_stem().unwrap().to_str().unwrap());
            if path.is_dir() {
                read(&path, &format!("{name}::"), sources);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut sources = Sources::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut sources);
    sources
}

/// Returns the code of a module without comments and tests, which may import everything.
fn code_of(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Returns the paths of a `use` tree, such as `a::b` and `a::c` of `a::{b, c}`.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        paths.push(format!("{prefix}{}", path.trim_end_matches("::*").trim_end_matches("::self")));
        return;
    };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut depth, mut part) = (0, String::new());
    for letter in inner.chars().chain([',']) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if letter == ',' && depth == 0 {
            if !part.trim().is_empty() {
                expand(&format!("{prefix}{head}"), &part, paths);
            }
            part.clear();
        } else {
            part.push(letter);
        }
    }
}

/// Returns the paths that some code names: those of `use`, and those that begin with `crate` or `super` elsewhere.
fn paths_in(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut rest = String::new();
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let words = line.trim_start();
        let after_pub =
            words.strip_prefix("pub").map_or(words, |words| words.split_once(' ').map_or("", |(_, rest)| rest));
        let Some(tree) = after_pub.strip_prefix("use ") else {
            rest.push_str(line);
            rest.push('\n');
            continue;
        };
        let mut tree = tree.to_owned();
        while !tree.contains(';') {
            tree.push_str(lines.next().expect("the end of a use"));
        }
        expand("", tree.split(';').next().unwrap_or_default(), &mut paths);
    }
    for start in ["crate::", "super::"] {
        for (at, _) in rest.match_indices(start) {
            let before = rest[..at].chars().next_back();
            if before.is_none_or(|before| !before.is_alphanumeric() && !"_:".contains(before)) {
                let is_path = |letter: char| letter.is_alphanumeric() || "_:".contains(letter);
                let path = rest[at..].split(|letter| !is_path(letter)).next().unwrap_or_default();
                paths.push(path.trim_end_matches(':').to_owned());
            }
        }
    }
    paths
}

/// Returns the module that contains the item of a path, if it is one of these.
fn resolve(module: &str, path: &str, sources: &Sources) -> Option<String> {
    let mut segments: Vec<&str> = path.split("::").collect();
    let mut base: Vec<&str> = if module == "lib" { Vec::new() } else { module.split("::").collect() };
    match segments[0] {
        "crate" | "motion_export" => {
            segments.remove(0);
            base.clear();
        }
        "self" => drop(segments.remove(0)),
        "super" => {
            while segments.first() == Some(&"super") {
                segments.remove(0);
                base.pop();
            }
        }
        // A child of the module, or another crate.
        child if sources.contains_key(&[&base[..], &[child]].concat().join("::")) => {}
        _ => return None,
    }
    base.extend(segments);
    (1..=base.len()).rev().map(|length| base[..length].join("::")).find(|path| sources.contains_key(path))
}

fn imports(sources: &Sources) -> BTreeSet<Import> {
    let mut imports = BTreeSet::new();
    for (module, text) in sources {
        for path in paths_in(&code_of(text)) {
            if let Some(imported) = resolve(module, &path, sources)
                && imported != *module
            {
                imports.insert((module.clone(), imported));
            }
        }
    }
    imports
}

/// Returns an error if an import violates these layers of `folder`.
fn against_layers(folder: &str, layers: &[&[&str]], import: &Import) -> Option<String> {
    let entry = |module: &str| module.strip_prefix(folder).and_then(|rest| rest.split("::").next()).map(str::to_owned);
    let (from, to) = (entry(&import.0)?, entry(&import.1)?);
    let layer = |name: &str| layers.iter().position(|layer| layer.contains(&name));
    match (layer(&from), layer(&to)) {
        (None, _) => Some(format!("{folder}{from} is in no layer")),
        (_, None) => Some(format!("{folder}{to} is in no layer")),
        (Some(above), Some(below)) if from != to && above >= below => {
            Some(format!("{} imports {}, which is not below it", import.0, import.1))
        }
        _ => None,
    }
}

/// Returns a circle of these imports.
fn circle(imports: &BTreeSet<Import>) -> Option<Vec<String>> {
    let mut left = imports.clone();
    loop {
        // A module that imports nothing or is not imported is in no circle.
        let importing: BTreeSet<_> = left.iter().map(|(from, _)| from.clone()).collect();
        let imported: BTreeSet<_> = left.iter().map(|(_, to)| to.clone()).collect();
        let kept: BTreeSet<_> =
            left.iter().filter(|(from, to)| imported.contains(from) && importing.contains(to)).cloned().collect();
        if kept.len() == left.len() {
            break;
        }
        left = kept;
    }
    let members: BTreeSet<_> = left.into_iter().map(|(from, to)| format!("{from} -> {to}")).collect();
    (!members.is_empty()).then(|| members.into_iter().collect())
}

/// Returns the imports between the entries of each folder: a file and the folder of its name are one entry.
fn by_folder(imports: &BTreeSet<Import>) -> BTreeMap<String, BTreeSet<Import>> {
    let mut folders: BTreeMap<String, BTreeSet<Import>> = BTreeMap::new();
    for (from, to) in imports {
        let (from, to): (Vec<_>, Vec<_>) = (from.split("::").collect(), to.split("::").collect());
        let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        if let (Some(from_entry), Some(to_entry)) = (from.get(common), to.get(common)) {
            let folder = folders.entry(from[..common].join("::")).or_default();
            folder.insert(((*from_entry).to_owned(), (*to_entry).to_owned()));
        }
    }
    folders
}

/// Returns all violations of these modules.
fn problems(sources: &Sources) -> Vec<String> {
    let imports = imports(sources);
    let mut problems: Vec<_> = imports
        .iter()
        .flat_map(|import| [against_layers("", &LAYERS, import), against_layers("server::", &SERVER_LAYERS, import)])
        .flatten()
        .collect();
    problems.extend(circle(&imports).map(|circle| format!("a circle of files: {circle:?}")));
    for (folder, imports) in by_folder(&imports) {
        problems.extend(circle(&imports).map(|circle| format!("a circle in src/{folder}: {circle:?}")));
    }
    let mut files: BTreeMap<&str, usize> = BTreeMap::new();
    for module in sources.keys() {
        *files.entry(module.rsplit_once("::").map_or("", |(folder, _)| folder)).or_default() += 1;
    }
    let many = files.into_iter().filter(|(_, count)| *count > MAX_FILES);
    problems.extend(many.map(|(folder, count)| format!("src/{folder} has {count} Rust files, more than {MAX_FILES}")));
    problems.dedup();
    problems
}

#[test]
fn imports_point_down_the_layers_without_circles_and_folders_are_small() {
    let sources = sources();
    assert!(imports(&sources).len() > 500, "the imports of all modules are read");
    assert_eq!(problems(&sources), [""; 0]);
}

#[test]
fn every_spelling_of_an_upward_or_circular_import_is_found() {
    let with = |module: &str, text: &str| {
        let mut sources: Sources =
            ["api", "app", "server", "server::db", "server::export", "server::ingest", "ui", "ui::a", "ui::b"]
                .into_iter()
                .map(|name| (name.to_owned(), String::new()))
                .collect();
        sources.insert("ui::b".to_owned(), "use super::a;".to_owned());
        assert_eq!(problems(&sources), [""; 0]);
        sources.insert(module.to_owned(), text.to_owned());
        problems(&sources)
    };
    for (module, text, problem) in [
        ("api", "use crate::ui::a::A;", "api imports ui::a, which is not below it"),
        ("api", "use crate::{\n    error::E,\n    ui::{a::A, x},\n};", "api imports ui, which is not below it"),
        ("server", "pub(crate) use crate::app::shell as s;", "server imports app, which is not below it"),
        (
            "server::db",
            "fn f() {\n    super::export::g();\n}",
            "server::db imports server::export, which is not below it",
        ),
        ("server::ingest", "use super::export::Row;", "server::ingest imports server::export, which is not below it"),
        ("ui::a", "use super::b::*;", "a circle in src/ui: [\"a -> b\", \"b -> a\"]"),
        ("ui", "use a::A;\nfn f() {}", ""),
        ("utils", "use crate::api;", "utils is in no layer"),
        ("api", "// use crate::ui::a;\n#[cfg(test)]\nmod tests {\n    use crate::ui::a;\n}", ""),
    ] {
        let problems = with(module, text);
        assert_eq!(problems.is_empty(), problem.is_empty(), "{module}: {text}: {problems:?}");
        assert!(problem.is_empty() || problems.iter().any(|known| known.contains(problem)), "{text}: {problems:?}");
    }
    let many: Sources = (0..=MAX_FILES).map(|number| (format!("ui::f{number}"), String::new())).collect();
    assert_eq!(problems(&many), ["src/ui has 15 Rust files, more than 14"]);
}
