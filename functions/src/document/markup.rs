//! Whether what calls itself plain text is markup: by how it begins.
//!
//! Markup can spell a digit as `&#52;`, where nobody who reads it as text would
//! see it. A text may begin with `<` all the same: with an address, as in
//! `<alice@example.com> wrote:`, with a name in a chat's log, with a
//! placeholder.

/// Elements that begin a page and hardly ever a text.
const PAGE: &[&str] = &[
    "a",
    "article",
    "aside",
    "b",
    "blockquote",
    "body",
    "br",
    "canvas",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "li",
    "math",
    "noscript",
    "ol",
    "p",
    "pre",
    "script",
    "span",
    "strong",
    "style",
    "svg",
    "table",
    "tbody",
    "td",
    "textarea",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
];

/// What `text`, the beginning of a file, is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning {
    Text,
    /// A tag of no page, and nothing that shows it to be one: text, unless it
    /// spells characters by their numbers further on.
    Tag,
    /// Markup, and of which kind.
    Markup(&'static str),
}

/// Looks at `text`, which has no white space in front.
pub(super) fn beginning(text: &str) -> Beginning {
    let Some(rest) = text.strip_prefix('<') else {
        return Beginning::Text;
    };
    let letter = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic());
    let starts = |with: &str| {
        let start = rest.as_bytes().get(..with.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
    };
    if starts("!doctype html") {
        return Beginning::Markup("an HTML page");
    }
    match rest.as_bytes().first() {
        Some(b'?') => return Beginning::Markup("an XML document"),
        Some(b'!') if letter(&rest[1..]) => return Beginning::Markup("an XML document"),
        Some(b'!') if starts("!--") || starts("![") => {
            return Beginning::Markup("a page of markup");
        }
        Some(b'/') if letter(&rest[1..]) => return Beginning::Markup("a page of markup"),
        _ => {}
    }
    let Some((name, behind)) = element(rest) else {
        return Beginning::Text;
    };
    if name.eq_ignore_ascii_case("svg") {
        return Beginning::Markup("an SVG picture");
    }
    if PAGE.iter().any(|page| name.eq_ignore_ascii_case(page)) {
        return Beginning::Markup("an HTML page");
    }
    let tag = behind.split('>').next().unwrap_or_default();
    let empty = tag.ends_with('/');
    let attributes = tag.contains(['"', '\'']) && tag.contains('=');
    let closes = behind.split("</").skip(1).any(letter);
    if empty || attributes || closes || behind.contains("&#") {
        return Beginning::Markup("a page of markup");
    }
    Beginning::Tag
}

/// The name of the element whose tag begins behind `<`, and what follows it.
/// An address is none: its name goes on with a character that no name has.
fn element(rest: &str) -> Option<(&str, &str)> {
    if !rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return None;
    }
    let in_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    let length = rest.find(|c| !in_name(c)).unwrap_or(rest.len());
    let (name, behind) = rest.split_at(length);
    let ends = |c: char| c.is_whitespace() || matches!(c, '>' | '/');
    // `<https://example.com>`: a name does not end with its prefix.
    (behind.starts_with(ends) && !name.ends_with(':')).then_some((name, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_told_from_texts_that_begin_with_the_same_character() {
        for text in [
            "<!DOCTYPE html><p>",
            "<!doctype note SYSTEM 'x'>",
            "<!-- a comment --><html>",
            "<![CDATA[x]]>",
            "<?xml version='1.0'?>",
            "<?php",
            "</p>",
            "<html>",
            "<HTML lang=en>",
            "<p>4111&#49;",
            "<div class=x>",
            "<svg/onload=x>",
            "<table\n>",
            "<b>bold</b>",
            "<h1>",
            "<title>4111</title>",
            "<invoice><card>&#52;111</card></invoice>",
            "<invoice card=\"4111\">",
            "<x:card/>",
            "<karte>&#x34;",
            "<größe>1</größe>",
        ] {
            let found = beginning(text);
            assert!(matches!(found, Beginning::Markup(_)), "{text}: {found:?}");
        }
        for text in [
            "<alice@example.com> wrote:\n> text",
            "<a@example.com>, <b@example.com>",
            "<p.mueller@example.com> wrote:",
            "<https://example.com/?a='b'> is a link",
            "<mailto:alice@example.com>",
            "<3 you",
            "<- back",
            "<< EOF",
            "<= 5 & > 3",
            "< 5",
            "<",
            "a <b>",
            "",
        ] {
            assert_eq!(beginning(text), Beginning::Text, "{text}");
        }
        for text in [
            "<alice> hello\n<bob> hello, it is 5 > 3",
            "<your name>\n<your address>",
            "<unknown>",
        ] {
            assert_eq!(beginning(text), Beginning::Tag, "{text}");
        }
    }
}
