//! The matrices of PDF: `[a b c d e f]` (ISO 32000-1, 8.3.3).

use lopdf::Object;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Matrix([f64; 6]);

impl Matrix {
    pub const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    pub fn translation(x: f64, y: f64) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y])
    }

    pub fn from_numbers(numbers: &mut dyn Iterator<Item = f64>) -> Self {
        let mut matrix = Self::IDENTITY;
        for (place, number) in matrix.0.iter_mut().zip(numbers) {
            *place = number;
        }
        matrix
    }

    pub fn from_objects(objects: &[Object]) -> Self {
        let numbers = objects
            .iter()
            .map(|object| object.as_float().map_or(0.0, f64::from));
        Self::from_numbers(&mut { numbers })
    }

    /// This one first, then `outer`.
    pub fn then(self, outer: Self) -> Self {
        let ([a, b, c, d, e, f], [oa, ob, oc, od, oe, of]) = (self.0, outer.0);
        Self([
            a * oa + b * oc,
            a * ob + b * od,
            c * oa + d * oc,
            c * ob + d * od,
            e * oa + f * oc + oe,
            e * ob + f * od + of,
        ])
    }

    pub fn origin(self) -> (f64, f64) {
        (self.0[4], self.0[5])
    }

    /// The direction of a line of text of `size`, of length one.
    pub fn direction(self, size: f64) -> (f64, f64) {
        let sign = if size < 0.0 { -1.0 } else { 1.0 };
        let (x, y) = (self.0[0] * sign, self.0[1] * sign);
        let length = x.hypot(y);
        if length > 0.0 && length.is_finite() {
            (x / length, y / length)
        } else {
            (1.0, 0.0)
        }
    }

    /// How high text of `size` is.
    pub fn height(self, size: f64) -> f64 {
        (size * self.0[2].hypot(self.0[3])).abs()
    }

    /// What the unit square covers.
    pub fn area(self) -> f64 {
        let [a, b, c, d, ..] = self.0;
        let area = (a * d - b * c).abs();
        if area.is_finite() { area } else { 0.0 }
    }
}
