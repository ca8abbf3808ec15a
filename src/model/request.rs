//! What is asked of a model, in no provider's words.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One request. Its beginning should be the same bytes in as many requests as possible: providers charge a tenth for a
/// beginning that they have seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Request {
    /// What holds for the whole conversation, in the order in which it is sent.
    pub system: Vec<Block>,
    /// The conversation so far, oldest first; the last turn is the user's.
    pub turns: Vec<Turn>,
    /// Whether all of it, up to the last part of the last turn whatever that is, is worth keeping: the next request begins
    /// alike and goes on.
    pub keep: Keep,
    /// What the model may call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// The schema that the answer must follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
    /// Most tokens the answer may have; reserved before the request.
    pub max_output_tokens: u32,
}

impl Request {
    /// Its length in tokens, guessed on the safe side: providers make a token of about four bytes of English and of three of
    /// code, so here it is three, and a few for every part.
    pub fn tokens(&self) -> u64 {
        let mut bytes = 0;
        let mut parts = 1;
        let mut count = |text: usize| {
            bytes += text as u64;
            parts += 1;
        };
        self.system.iter().for_each(|block| count(block.text.len()));
        for turn in &self.turns {
            match turn {
                Turn::User(given) => given.iter().for_each(|part| match part {
                    Part::Text(block) => count(block.text.len()),
                    Part::ToolResult(result) => count(result.text.len()),
                }),
                Turn::Model(said) => said.iter().for_each(|said| match said {
                    Said::Text(text) => count(text.len()),
                    Said::Call(call) => count(call.name.len() + call.arguments.len()),
                    Said::Kept(value) => count(value.to_string().len()),
                }),
            }
        }
        for tool in &self.tools {
            count(tool.name.len() + tool.description.len() + tool.parameters.to_string().len());
        }
        if let Some(schema) = &self.schema {
            count(schema.schema.to_string().len());
        }
        bytes.div_ceil(3) + parts * 8
    }
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Block {
    /// The text.
    pub text: String,
    /// Whether all up to its end is worth keeping.
    pub keep: Keep,
}

/// Whether the provider should keep what was sent so far for later requests that begin alike.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// All up to here is sent again soon. At most four times in a request, [`Request::keep`] included.
    Cached,
    /// Nothing is said of it.
    #[default]
    Once,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Turn {
    /// From us.
    User(Vec<Part>),
    /// From the model, as it said it.
    Model(Vec<Said>),
}

/// A part of our turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Text.
    Text(Block),
    /// What a tool gave.
    ToolResult(ToolResult),
}

/// A part of the model's turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Said {
    /// Text.
    Text(String),
    /// It wants a tool to be called.
    Call(ToolCall),
    /// What only the provider understands, and wants back as it was: signed thinking, encrypted reasoning.
    Kept(Value),
}

/// Something the model may call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tool {
    /// As it is called.
    pub name: String,
    /// What it does, and when it is of use.
    pub description: String,
    /// The JSON schema of its arguments, an object.
    pub parameters: Value,
}

/// A call that the model wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// What its result is to refer to.
    pub id: String,
    /// Which tool.
    pub name: String,
    /// The arguments as the model wrote them: meant to be JSON, and not looked at yet.
    pub arguments: String,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToolResult {
    /// The call's id.
    pub call: String,
    /// What the tool gave, or why it gave nothing.
    pub text: String,
    /// Whether it failed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

/// A JSON schema with the name that some providers ask for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Schema {
    /// Letters, digits, `_` and `-`.
    pub name: String,
    /// The schema itself.
    pub schema: Value,
}
