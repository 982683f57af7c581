//! Prints src/text/normalizer_table.inc: what the libraries that Hugging Face's tokenizers is
//! built on say of each code point. Run it when their versions in Cargo.toml move:
//!
//!     cargo run --release > ../../src/text/normalizer_table.inc
//!
//! With the argument `lower`, prints `code point, lower case…` of Rust's char::to_lowercase.

use unicode_categories::UnicodeCategories;
use unicode_normalization_alignments::{char as norm, UnicodeNormalization};
use unicode_segmentation::UnicodeSegmentation;

fn clusters(text: &str) -> usize {
    text.graphemes(true).count()
}

fn main() {
    let word = regex::Regex::new(r"^\w$").unwrap();
    let letter = onig::Regex::new(r"^\p{L}$").unwrap();
    let number = onig::Regex::new(r"^\p{N}$").unwrap();
    let space = onig::Regex::new(r"^\s$").unwrap();
    let lower = std::env::args().nth(1).as_deref() == Some("lower");
    let mut sets: Vec<u32> = Vec::new();
    let mut runs: Vec<(u32, usize)> = Vec::new();
    for value in 0..=0x10FFFFu32 {
        // A surrogate is no code point of a text; it continues the run before it.
        let Some(c) = char::from_u32(value) else { continue };
        if lower {
            let mapped: Vec<char> = c.to_lowercase().collect();
            if mapped != [c] {
                print!("{:X}", value);
                for m in mapped {
                    print!(" {:X}", m as u32);
                }
                println!();
            }
            continue;
        }
        let text = c.to_string();
        // A code point joins the cluster before it, unless that ends in a control character.
        let joins = clusters(&format!("a{c}")) == 1;
        let control = !joins && clusters(&format!("{c}\u{301}")) == 2;
        let prepends = !joins && !control && clusters(&format!("{c}a")) == 1;
        let chinese = matches!(value, 0x4E00..=0x9FFF | 0x3400..=0x4DBF | 0x20000..=0x2A6DF
            | 0x2A700..=0x2B73F | 0x2B740..=0x2B81F | 0x2B920..=0x2CEAF | 0xF900..=0xFAFF
            | 0x2F800..=0x2FA1F);
        let nfd = norm::canonical_combining_class(c) != 0
            || text.nfd().map(|(d, _)| d).collect::<String>() != text;
        let flags = [
            c.is_whitespace(),
            c.is_other(),
            c.is_ascii_punctuation() || c.is_punctuation(),
            chinese,
            c.is_mark_nonspacing(),
            norm::is_combining_mark(c),
            joins,
            prepends,
            control,
            letter.is_match(&text),
            number.is_match(&text),
            space.is_match(&text),
            word.is_match(&text),
            nfd,
            c.to_lowercase().collect::<String>() != text,
        ];
        let bits = flags.iter().enumerate().map(|(i, &f)| (f as u32) << i).sum::<u32>();
        let set = sets.iter().position(|&s| s == bits).unwrap_or_else(|| {
            sets.push(bits);
            sets.len() - 1
        });
        if runs.last().map(|r| r.1) != Some(set) {
            runs.push((value, set));
        }
    }
    if lower {
        return;
    }
    assert!(sets.len() <= 64);
    println!("// Written by tools/unicode-table; do not edit. A run is first code point << 6 | set.");
    println!("constexpr std::uint16_t kFlagSets[] = {{");
    for line in sets.chunks(14) {
        println!("    {},", line.iter().map(|s| s.to_string()).collect::<Vec<_>>().join(", "));
    }
    println!("}};\nconstexpr std::uint32_t kRuns[] = {{");
    for line in runs.chunks(12) {
        let numbers: Vec<String> =
            line.iter().map(|&(start, set)| format!("{}", start << 6 | set as u32)).collect();
        println!("    {},", numbers.join(", "));
    }
    println!("}};");
}
