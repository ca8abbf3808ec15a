//! XML that every reader takes, whatever strangers said: well formed, UTF-8, and of the characters XML 1.0 knows.
//!
//! Invariant: control characters reach no document: [`text::clean`] shows them as `\u{…}`.

use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::text;

/// Most characters of an attribute's value.
const ATTRIBUTE: usize = 500;

/// The document cannot be written: our own fault.
#[derive(Debug, thiserror::Error)]
pub enum XmlError {
    /// An element was not closed, or a name is none.
    #[error("the XML document cannot be written")]
    Unwritten(#[from] quick_xml::Error),
    /// It holds what is no UTF-8.
    #[error("the XML document is not UTF-8")]
    NotText(#[from] std::string::FromUtf8Error),
}

/// A document that is being written, element by element.
pub(super) struct Xml {
    writer: quick_xml::Writer<Vec<u8>>,
}

/// Names and values; a value becomes one line.
pub(super) type Attributes<'a> = &'a [(&'a str, &'a str)];

impl Xml {
    pub(super) fn new() -> Result<Self, XmlError> {
        let mut xml = Self { writer: quick_xml::Writer::new_with_indent(Vec::new(), b' ', 2) };
        xml.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        Ok(xml)
    }

    pub(super) fn open(&mut self, name: &str, attributes: Attributes<'_>) -> Result<(), XmlError> {
        self.event(Event::Start(start(name, attributes)))
    }

    pub(super) fn close(&mut self, name: &str) -> Result<(), XmlError> {
        self.event(Event::End(BytesEnd::new(name)))
    }

    /// An element without anything in it.
    pub(super) fn empty(&mut self, name: &str, attributes: Attributes<'_>) -> Result<(), XmlError> {
        self.event(Event::Empty(start(name, attributes)))
    }

    /// An element with text in it, and nothing else.
    pub(super) fn text(&mut self, name: &str, attributes: Attributes<'_>, content: &str) -> Result<(), XmlError> {
        if content.is_empty() {
            return self.empty(name, attributes);
        }
        self.open(name, attributes)?;
        self.event(Event::Text(BytesText::new(&text::clean(content))))?;
        self.close(name)
    }

    pub(super) fn finish(self) -> Result<String, XmlError> {
        let mut document = String::from_utf8(self.writer.into_inner())?;
        document.push('\n');
        Ok(document)
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), XmlError> {
        self.writer.write_event(event).map_err(|error| XmlError::Unwritten(error.into()))
    }
}

fn start<'a>(name: &'a str, attributes: Attributes<'_>) -> BytesStart<'a> {
    let mut start = BytesStart::new(name);
    for (name, value) in attributes {
        let value = text::printable(value, ATTRIBUTE);
        start.push_attribute((*name, value.as_str()));
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_say_is_text_and_nothing_else() {
        let hostile = "]]> <b a=\"'\">&amp; \u{0}\u{1b}[31m\u{85}\u{fffe}\u{ffff}\u{d7ff}\r\nnext\tline";
        let mut xml = Xml::new().unwrap();
        xml.open("a", &[("b", hostile)]).unwrap();
        xml.text("c", &[], hostile).unwrap();
        xml.text("d", &[], "").unwrap();
        xml.close("a").unwrap();
        insta::assert_snapshot!(xml.finish().unwrap(), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <a b="]]&gt; &lt;b a=&quot;&apos;&quot;&gt;&amp;amp; \u{0}\u{1b}[31m\u{85}\u{fffe}\u{ffff}퟿  next line">
          <c>]]&gt; &lt;b a=&quot;&apos;&quot;&gt;&amp;amp; \u{0}\u{1b}[31m\u{85}\u{fffe}\u{ffff}퟿
        next	line</c>
          <d/>
        </a>
        "#);
    }
}
