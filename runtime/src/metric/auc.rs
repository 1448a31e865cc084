//! The area under the receiver operating characteristic.

use super::{Direction, Metric, Running, TargetRow, Targets};

/// How likely a true row gets a higher score than a false one, where equal scores count one half:
/// for classes the mean over the classes against the rest, of those that have rows on both sides.
/// Exact, so it keeps every score it has seen; NaN where one side is empty.
/// `sklearn.metrics.roc_auc_score(multi_class="ovr")`. (`keras.metrics.AUC` approximates it by 200
/// thresholds.)
#[derive(Clone, Copy, Debug, Default)]
pub struct Auc;

impl Metric for Auc {
    fn name(&self) -> &'static str {
        "auc"
    }
    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn start(&self) -> Box<dyn Running> {
        Box::new(Scored::default())
    }
    fn undefined_for(&self, targets: &Targets) -> Option<String> {
        let undefined = targets.classes.iter().filter(|rows| **rows > 0).count() == 1;
        undefined.then(|| "all rows are of one class".to_owned())
    }
}

/// Every score, with whether it is of a true row and what that counts.
#[derive(Default)]
struct Scored {
    /// One list for each class; for flags there is one list.
    classes: Vec<Vec<Score>>,
}

#[derive(Clone, Copy)]
struct Score {
    score: f64,
    truth: bool,
    weight: f64,
}

impl Running for Scored {
    fn update(&mut self, prediction: &[f64], target: TargetRow<'_>, weight: f64) {
        let lists = match target {
            TargetRow::Class(_) => prediction.len(),
            TargetRow::Numbers(_) | TargetRow::Doubles(_) => 1,
        };
        self.classes.resize(lists, Vec::new());
        for (index, &score) in prediction.iter().enumerate() {
            let truth = target.at(index) > 0.5;
            self.classes[index.min(lists - 1)].push(Score { score, truth, weight });
        }
    }

    fn value(&self) -> f64 {
        let areas = self.classes.iter().map(|scores| area(scores.clone()));
        let areas: Vec<f64> = areas.filter(|area| !area.is_nan()).collect();
        areas.iter().sum::<f64>() / areas.len() as f64
    }

    fn state(&self) -> Vec<f64> {
        let numbers = |s: &Score| [s.score, f64::from(u8::from(s.truth)), s.weight];
        let scores = self.classes.iter().flatten().flat_map(numbers);
        std::iter::once(self.classes.len() as f64).chain(scores).collect()
    }

    fn set_state(&mut self, state: &[f64]) {
        let Some((&classes, scores)) = state.split_first() else { return };
        let scores: Vec<Score> = scores
            .chunks_exact(3)
            .map(|s| Score { score: s[0], truth: s[1] != 0.0, weight: s[2] })
            .collect();
        // All lists are equally long.
        let each = scores.len() / (classes as usize).max(1);
        self.classes = scores.chunks(each.max(1)).map(<[Score]>::to_vec).collect();
    }
}

/// The area of one class against the rest.
fn area(mut scores: Vec<Score>) -> f64 {
    scores.sort_by(|a, b| a.score.total_cmp(&b.score));
    let (mut below, mut area, mut truths) = (0.0, 0.0, 0.0);
    for equal in scores.chunk_by(|a, b| a.score == b.score) {
        let sum = |truth: bool| -> f64 {
            equal.iter().filter(|score| score.truth == truth).map(|score| score.weight).sum()
        };
        let (of_true, of_false) = (sum(true), sum(false));
        area += of_true * (below + 0.5 * of_false);
        below += of_false;
        truths += of_true;
    }
    area / (truths * below)
}
