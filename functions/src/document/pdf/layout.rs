//! From strings at places to text: what stands side by side on a line belongs
//! together, however many strings it was drawn with.

/// A string as it was drawn.
pub(super) struct Run {
    pub text: String,
    /// Where it begins and ends, on the page.
    pub start: (f64, f64),
    pub end: (f64, f64),
    /// The direction of its line, of length one.
    pub direction: (f64, f64),
    /// Its font's size, on the page.
    pub size: f64,
}

/// Strings as short as this are drawn by programs that place every character.
const SHORT: usize = 3;
/// With so many of them out of order the order of drawing is given up.
const MANY: usize = 8;

/// How a run follows another, in parts of the font's size.
#[derive(PartialEq, Eq)]
enum Step {
    /// The same once more, a little aside: bold for the poor.
    Again,
    Joined,
    Space,
    Tab,
    Line,
}

fn step(before: &Run, next: &Run) -> Step {
    let (dx, dy) = next.direction;
    let same_direction = before.direction.0 * dx + before.direction.1 * dy > 0.99;
    let size = before.size.max(next.size).max(0.01);
    let along = |from: (f64, f64)| (next.start.0 - from.0) * dx + (next.start.1 - from.1) * dy;
    let across = (next.start.1 - before.start.1) * dx - (next.start.0 - before.start.0) * dy;
    if !same_direction || across.abs() > 0.5 * size {
        return Step::Line;
    }
    if next.text == before.text && along(before.start).abs() < 0.3 * size {
        return Step::Again;
    }
    match along(before.end) / size {
        gap if gap > 3.0 => Step::Tab,
        gap if gap > 0.15 => Step::Space,
        gap if gap > -0.3 => Step::Joined,
        _ => Step::Line,
    }
}

/// The text of `runs`, which are given in the order in which they were drawn
/// and are read in it, unless that order is plainly not the reader's.
pub(super) fn text(mut runs: Vec<Run>) -> String {
    let scattered = runs
        .windows(2)
        .filter(|pair| {
            let short = |run: &Run| run.text.chars().count() <= SHORT;
            short(&pair[0])
                && short(&pair[1])
                && matches!(step(&pair[0], &pair[1]), Step::Line | Step::Tab)
        })
        .count();
    if scattered >= MANY && scattered * 4 > runs.len() {
        runs = by_place(runs);
    }
    let mut text = String::new();
    let mut last: Option<&Run> = None;
    for run in &runs {
        let step = last.map_or(Step::Joined, |last| step(last, run));
        match step {
            Step::Again => continue,
            // A space may have been drawn already.
            Step::Space if text.ends_with(' ') || run.text.starts_with(' ') => {}
            Step::Space => text.push(' '),
            Step::Tab => text.push('\t'),
            Step::Line => text.push('\n'),
            Step::Joined => {}
        }
        text.push_str(&run.text);
        last = Some(run);
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// From top to bottom and along each line, those of one direction together.
fn by_place(mut runs: Vec<Run>) -> Vec<Run> {
    let turn = |run: &Run| {
        let (dx, dy) = run.direction;
        (dy.atan2(dx).to_degrees() / 5.0).round() as i64
    };
    // How far up the run's line is, and how far along it the run begins.
    let up = |run: &Run| run.start.1 * run.direction.0 - run.start.0 * run.direction.1;
    let along = |run: &Run| run.start.0 * run.direction.0 + run.start.1 * run.direction.1;
    runs.sort_by(|a, b| {
        let lines = up(b).total_cmp(&up(a));
        turn(a).cmp(&turn(b)).then(lines)
    });
    let mut start = 0;
    while start < runs.len() {
        let line = up(&runs[start]);
        let near = 0.4 * runs[start].size.max(0.01);
        let end = runs[start..]
            .iter()
            .position(|run| turn(run) != turn(&runs[start]) || (up(run) - line).abs() > near)
            .map_or(runs.len(), |length| start + length);
        runs[start..end].sort_by(|a, b| along(a).total_cmp(&along(b)));
        start = end;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run of ten-point text in which every character is six points wide.
    fn run(text: &str, x: f64, y: f64) -> Run {
        Run {
            text: text.to_owned(),
            start: (x, y),
            end: (x + 6.0 * text.len() as f64, y),
            direction: (1.0, 0.0),
            size: 10.0,
        }
    }

    fn digits(order: impl Iterator<Item = usize>) -> Vec<Run> {
        let number = "4111111111111111";
        order
            .map(|at| run(&number[at..=at], 6.0 * at as f64, 700.0))
            .collect()
    }

    #[test]
    fn a_number_drawn_digit_by_digit_is_a_number() {
        assert_eq!(text(digits(0..16)), "4111111111111111\n");
    }

    #[test]
    fn a_number_drawn_in_no_order_is_a_number() {
        assert_eq!(text(digits((0..16).rev())), "4111111111111111\n");
        let mixed = (0..16).map(|at| at * 7 % 16);
        assert_eq!(text(digits(mixed)), "4111111111111111\n");
    }

    #[test]
    fn a_number_drawn_twice_for_boldness_is_one_number() {
        let twice = digits(0..16).into_iter().flat_map(|run| {
            let mut again = Run {
                text: run.text.clone(),
                ..run
            };
            again.start.0 += 0.3;
            again.end.0 += 0.3;
            [run, again]
        });
        assert_eq!(text(twice.collect()), "4111111111111111\n");
    }

    #[test]
    fn gaps_are_spaces_and_tabs_and_other_heights_are_lines() {
        let runs = vec![
            run("4111", 0.0, 700.0),
            run("1111", 28.0, 700.0),
            run("far", 200.0, 700.0),
            run("below", 0.0, 680.0),
            run("above", 0.0, 720.0),
        ];
        assert_eq!(text(runs), "4111 1111\tfar\nbelow\nabove\n");
    }

    #[test]
    fn turned_text_is_read_along_its_own_line() {
        let upwards = |text: &str, y: f64| Run {
            text: text.to_owned(),
            start: (50.0, y),
            end: (50.0, y + 6.0 * text.len() as f64),
            direction: (0.0, 1.0),
            size: 10.0,
        };
        assert_eq!(
            text(vec![upwards("4111", 0.0), upwards("1111", 24.0)]),
            "41111111\n"
        );
    }
}
