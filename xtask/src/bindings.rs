//! Generates the script between the browser and the page's WASM, and removes from both what the page does not use.
//!
//! wasm-bindgen names imports after a hash, once in each of the two files, and hashes do not compress. It exports the
//! classes of every crate that is linked, whether the page uses them or not.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use wasm_bindgen_cli_support::Bindgen;

/// The number of hexadecimal digits of the hash in a name.
const HASH_DIGITS: usize = 16;

/// Writes `NAME.js`, the modules that it imports, and `NAME_bg.wasm` into `folder`.
///
/// # Errors
/// Returns an error if the module has no bindings, if the generated script has another form than expected, or if a file
/// cannot be written.
pub fn generate(wasm: &Path, folder: &Path, name: &str) -> anyhow::Result<()> {
    let mut output = Bindgen::new().input_path(wasm).web(true)?.typescript(false).out_name(name).generate_output()?;
    output.emit(folder)?;
    let script_file = folder.join(name).with_extension("js");
    let script = remove_unused_classes(&fs::read_to_string(&script_file)?)?;
    let module = output.wasm_mut();
    let mentioned: HashSet<_> = identifiers(&script).collect();
    let exports: Vec<_> = module.exports.iter().map(|export| export.name.clone()).collect();
    for unused in exports.iter().filter(|name| !mentioned.contains(name.as_str())) {
        module.exports.remove(unused)?;
    }
    let mut names = HashMap::new();
    for import in module.imports.iter_mut() {
        ensure!(mentioned.contains(import.name.as_str()), "the script does not provide the import {}", import.name);
        let short = short_name(names.len());
        names.insert(std::mem::replace(&mut import.name, short.clone()), short);
    }
    for export in module.exports.iter_mut().filter(|export| has_hash(&export.name)) {
        let short = format!("closure_{}", names.len());
        names.insert(std::mem::replace(&mut export.name, short.clone()), short);
    }
    fs::write(folder.join(format!("{name}_bg.wasm")), module.emit_wasm())?;
    fs::write(script_file, rename(&script, &names))?;
    Ok(())
}

/// Removes the classes that are named only in their own definitions.
///
/// # Errors
/// Returns an error if the definition of such a class has no end.
fn remove_unused_classes(script: &str) -> anyhow::Result<String> {
    let mut script = script.to_owned();
    let classes: Vec<_> = script
        .lines()
        .filter_map(|line| line.strip_prefix("export class ")?.strip_suffix(" {"))
        .map(str::to_owned)
        .collect();
    for class in classes {
        let mut rest = script.clone();
        remove(&mut rest, &format!("export class {class} {{\n"), "\n}\n")?;
        remove(&mut rest, &format!("if (Symbol.dispose) {class}."), "\n")?;
        remove(&mut rest, &format!("const {class}Finalization = "), ";\n")?;
        if !identifiers(&rest).any(|identifier| identifier == class) {
            script = rest;
        }
    }
    Ok(script)
}

/// Removes the text from `start` to the next `end`, both included. A text without `start` stays as it is.
fn remove(text: &mut String, start: &str, end: &str) -> anyhow::Result<()> {
    let Some(from) = text.find(start) else { return Ok(()) };
    let length = text[from..].find(end).with_context(|| format!("the generated script has no end of: {start}"))?;
    text.replace_range(from..from + length + end.len(), "");
    Ok(())
}

/// Returns the script with its identifiers replaced by those that `names` has for them.
fn rename(script: &str, names: &HashMap<String, String>) -> String {
    let mut renamed = String::with_capacity(script.len());
    let mut rest = 0;
    for identifier in identifiers(script) {
        if let Some(name) = names.get(identifier) {
            let at = identifier.as_ptr() as usize - script.as_ptr() as usize;
            renamed.push_str(&script[rest..at]);
            renamed.push_str(name);
            rest = at + identifier.len();
        }
    }
    renamed.push_str(&script[rest..]);
    renamed
}

/// Returns every run of characters that can stand in an identifier, also in strings and comments.
fn identifiers(script: &str) -> impl Iterator<Item = &str> {
    script
        .split(|character: char| !character.is_ascii_alphanumeric() && character != '_' && character != '$')
        .filter(|word| !word.is_empty())
}

/// Returns the name of the import with this index: a letter, then digits.
fn short_name(index: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(index % 26).unwrap_or_default());
    if index < 26 { letter.to_string() } else { format!("{letter}{}", index / 26) }
}

/// Returns whether a name contains a hash of wasm-bindgen.
fn has_hash(name: &str) -> bool {
    let is_hash = |part: &str| {
        let digits = part.strip_prefix('h').unwrap_or(part);
        digits.len() == HASH_DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    };
    name.split('_').any(is_hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASS: &str = "export class Used {\n    free() {\n    }\n}\nif (Symbol.dispose) Used.prototype = 1;\n\
        export class Unused {\n    free() {\n        wasm.free_unused();\n    }\n}\n\
        if (Symbol.dispose) Unused.prototype = 1;\n\nfunction make() {\n    return new Used();\n}\n\
        const UsedFinalization = (a)\n    ? 1\n    : 2;\nconst UnusedFinalization = (a)\n    ? 1\n    : 2;\n";

    #[test]
    fn a_class_that_only_its_own_definition_names_is_removed() {
        let script = remove_unused_classes(CLASS).expect("complete");
        assert!(script.contains("export class Used {") && script.contains("const UsedFinalization"));
        assert!(!script.contains("Unused") && !script.contains("free_unused"), "{script}");
    }

    #[test]
    fn a_definition_without_an_end_is_an_error() {
        assert!(remove_unused_classes("export class Unused {\n    free() {").is_err());
    }

    #[test]
    fn only_complete_identifiers_are_renamed() {
        let names = HashMap::from([("__wbg_now".to_owned(), "a".to_owned())]);
        assert_eq!(
            rename("{ __wbg_now: f, __wbg_now_2: g, wasm.__wbg_now }", &names),
            "{ a: f, __wbg_now_2: g, wasm.a }"
        );
    }

    #[test]
    fn short_names_are_unique_identifiers() {
        let names: HashSet<_> = (0..1000).map(short_name).collect();
        assert_eq!(names.len(), 1000);
        assert!(names.iter().all(|name| name.starts_with(|first: char| first.is_ascii_lowercase())));
    }

    #[test]
    fn hashes_are_recognized_in_names() {
        assert!(has_hash("wasm_bindgen__closures_____invoke__h5dcde54a78004aa5_14"));
        assert!(has_hash("__wbg_now_3acb0aad4483804c"));
        assert!(!has_hash("__wbindgen_malloc"));
    }
}
