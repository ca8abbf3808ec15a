//! The fenced blocks of a Markdown document, each with what its comment says about it.

/// One fenced block.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// The line its fence opens on, from 1.
    pub line: usize,
    /// The first word after the fence.
    pub lang: String,
    pub text: String,
    /// What the comments in front of it say.
    pub says: Vec<Says>,
}

/// What a comment `<!-- run: … -->` says about the block below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// `world=NAME`: from here on in a new world of this kind.
    World(String),
    /// `exit=0,2,0`: how each command ends; one number does for a single command.
    Exit(Vec<i32>),
    /// `file=PATH`: the block is this file of the world.
    File(String),
    /// `same=PATH`: the block is this file of the project, word for word.
    Same(String),
    /// `config`: the block is a sound configuration.
    Config,
    /// `shown`: the block is what the commands before it print; `…` stands for what is left out.
    Shown,
    /// `type=COMMAND`, to the end of the comment: typed before the block is looked at, unseen by readers.
    Type(String),
    /// `skip: WHY`: nothing of the block is run.
    Skip(String),
}

/// A document, read.
#[derive(Debug, Default)]
pub struct Document {
    pub blocks: Vec<Block>,
    /// What cannot be understood in it.
    pub faults: Vec<String>,
}

impl Document {
    pub fn read(name: &str, text: &str) -> Self {
        let (mut document, mut says) = (Self::default(), Vec::new());
        let mut lines = (1..).zip(text.lines());
        while let Some((line, content)) = lines.next() {
            let trimmed = content.trim();
            if let Some(comment) = trimmed.strip_prefix("<!-- run:") {
                match comment
                    .strip_suffix("-->")
                    .ok_or("the comment does not end in its line".to_owned())
                    .and_then(read)
                {
                    Ok(read) => says.extend(read),
                    Err(why) => document.faults.push(format!("{name}:{line}: {why}")),
                }
            } else if let Some((fence, lang)) = opening(trimmed) {
                let indent = content.len() - content.trim_start().len();
                let inside = lines.by_ref().map(|(_, inner)| inner).take_while(|inner| !closes(inner, fence));
                let strip = |inner: &str| inner.get(indent..).unwrap_or(inner.trim_start()).to_owned() + "\n";
                let text = inside.map(strip).collect();
                document.blocks.push(Block { line, lang: lang.to_owned(), text, says: std::mem::take(&mut says) });
            } else if !trimmed.is_empty() && !says.is_empty() {
                // Only a world may be said for all that follows.
                let lonely = says.iter().any(|said| !matches!(said, Says::World(_)));
                if lonely {
                    document.faults.push(format!("{name}:{line}: a comment that says `run:` stands above its block"));
                    says.clear();
                }
            }
        }
        document
    }
}

impl Block {
    /// Whether its text is for a shell.
    pub fn is_commands(&self) -> bool {
        matches!(self.lang.as_str(), "sh" | "console")
    }
}

fn opening(line: &str) -> Option<(&str, &str)> {
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = line.trim_start_matches(mark);
    let fence = &line[..line.len() - rest.len()];
    (fence.len() >= 3 && !rest.contains('`')).then(|| (fence, rest.split_whitespace().next().unwrap_or_default()))
}

fn closes(line: &str, fence: &str) -> bool {
    let line = line.trim();
    line.len() >= fence.len() && line.chars().all(|c| fence.starts_with(c))
}

fn read(comment: &str) -> Result<Vec<Says>, String> {
    let comment = comment.trim();
    if let Some(why) = comment.strip_prefix("skip:") {
        let why = why.trim();
        return if why.len() < 10 {
            Err("why is it skipped?".to_owned())
        } else {
            Ok(vec![Says::Skip(why.to_owned())])
        };
    }
    let (words, typed) = match comment.split_once("type=") {
        Some((words, command)) => (words, Some(Says::Type(command.to_owned()))),
        None => (comment, None),
    };
    words.split_whitespace().map(one).chain(typed.map(Ok)).collect()
}

fn one(word: &str) -> Result<Says, String> {
    let unknown = || {
        format!("`{word}` is not known: world=NAME exit=N,N file=PATH same=PATH config shown type=COMMAND skip: WHY")
    };
    match word.split_once('=') {
        Some(("world", name)) => Ok(Says::World(name.to_owned())),
        Some(("file", path)) => Ok(Says::File(path.to_owned())),
        Some(("same", path)) => Ok(Says::Same(path.to_owned())),
        Some(("exit", codes)) => {
            codes.split(',').map(|code| code.parse().map_err(|_| unknown())).collect::<Result<_, _>>().map(Says::Exit)
        }
        None if word == "config" => Ok(Says::Config),
        None if word == "shown" => Ok(Says::Shown),
        _ => Err(unknown()),
    }
}

#[test]
fn a_block_is_read_with_its_language_and_with_what_the_comment_above_it_says() {
    let text = "# T\n<!-- run: world=clone -->\nWords.\n\n<!-- run: exit=0,2 -->\n\n```sh\na\nb\n```\n- item\n  ````markdown\n  ```\n  x\n  ````\n";
    let document = Document::read("t.md", text);
    assert_eq!(document.faults, Vec::<String>::new());
    let [first, second] = &document.blocks[..] else { panic!("{document:?}") };
    assert_eq!((first.line, first.lang.as_str(), first.text.as_str()), (7, "sh", "a\nb\n"));
    assert_eq!(first.says, [Says::World("clone".to_owned()), Says::Exit(vec![0, 2])]);
    assert_eq!((second.text.as_str(), second.says.len()), ("```\nx\n", 0));
}

#[test]
fn a_comment_that_means_nothing_is_a_fault() {
    let text = "<!-- run: exits=2 -->\n<!-- run: skip: no -->\n<!-- run: exit=2 -->\nWords.\n<!-- run: world=x\n";
    let faults = Document::read("t.md", text).faults;
    let lines: Vec<&str> = faults.iter().map(|fault| fault.split(": ").next().unwrap()).collect();
    assert_eq!(lines, ["t.md:1", "t.md:2", "t.md:4", "t.md:5"], "{faults:?}");
}
