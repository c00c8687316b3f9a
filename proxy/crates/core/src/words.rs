//! The words of a command line: options with a value behind them, or after `=`.

use std::str::FromStr;
use std::time::Duration;

use crate::duration;

/// Reads one word after the other. Errors name the option.
pub struct Words<I> {
    rest: I,
    option: String,
    value: Option<String>,
}

impl<I: Iterator<Item = String>> Words<I> {
    /// From the words after that of the command.
    pub fn new(words: impl IntoIterator<IntoIter = I>) -> Self {
        Self { rest: words.into_iter(), option: String::new(), value: None }
    }

    /// The next option, or word that is none. Where the one before had a value after `=` that nobody read, that is an error.
    pub fn next_option(&mut self) -> Result<Option<String>, String> {
        if let Some(value) = self.value.take() {
            return Err(format!("{} takes no value, and was given {value:?}", self.option));
        }
        let Some(word) = self.rest.next() else { return Ok(None) };
        (self.option, self.value) = match word.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option.to_owned(), Some(value.to_owned())),
            _ => (word, None),
        };
        Ok(Some(self.option.clone()))
    }

    /// The value of the option that was read last.
    pub fn value<T: FromStr<Err: ToString>>(&mut self) -> Result<T, String> {
        let text = self.text()?;
        text.parse().map_err(|wrong: T::Err| format!("{} {text}: {}", self.option, wrong.to_string()))
    }

    /// The same of a port.
    pub fn port(&mut self) -> Result<u16, String> {
        match self.value()? {
            0 => Err(format!("{} 0: a port is from 1 to 65535", self.option)),
            port => Ok(port),
        }
    }

    /// The same of a time.
    pub fn duration(&mut self) -> Result<Duration, String> {
        let text = self.text()?;
        duration::parse(&text).ok_or_else(|| format!("{} {text}: a time such as 10s, 500ms or 2m", self.option))
    }

    /// The same of anything.
    pub fn text(&mut self) -> Result<String, String> {
        let value = self.value.take().or_else(|| self.rest.next());
        value.ok_or_else(|| format!("{} lacks its value", self.option))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Words<std::vec::IntoIter<String>> {
        Words::new(line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn values_stand_behind_their_option_or_after_a_sign() {
        let mut words = words("--timeout=2m --port 4191 --print a=b");
        assert_eq!(
            (words.next_option(), words.duration()),
            (Ok(Some("--timeout".into())), Ok(Duration::from_secs(120)))
        );
        assert_eq!((words.next_option(), words.port()), (Ok(Some("--port".into())), Ok(4191)));
        assert_eq!(words.next_option(), Ok(Some("--print".into())));
        assert_eq!((words.next_option(), words.next_option()), (Ok(Some("a=b".into())), Ok(None)));
    }

    #[test]
    fn errors_name_the_option() {
        let mut words = words("--timeout soon --port 0 --port=70000 --print=yes --last");
        let mut wrong = Vec::new();
        for read in ["duration", "port", "port", "nothing", "nothing"] {
            match (words.next_option(), read) {
                (Err(why), _) => wrong.push(why),
                (_, "duration") => wrong.extend(words.duration().err()),
                (_, "port") => wrong.extend(words.port().err()),
                _ => {}
            }
        }
        wrong.extend(words.next_option().err());
        wrong.extend(words.text().err());
        let whats =
            ["--timeout soon: a time", "--port 0: a port", "--port 70000: number", "--print takes", "--last lacks"];
        assert_eq!(wrong.len(), whats.len(), "{wrong:?}");
        for (why, what) in wrong.iter().zip(whats) {
            assert!(why.starts_with(what), "{why}");
        }
    }
}
