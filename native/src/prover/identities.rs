//! The polynomial that must vanish on all rows: every gate and the permutation, folded by y.

use std::collections::HashMap;

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::{Field, PrimeField};
use halo2_axiom::plonk::{Any, ConstraintSystem, Expression};

use super::graph::{constant, Graph, Node};

/// Challenges of a proof.
pub struct Drawn {
    /// Those of the gates, by index.
    pub gates: Vec<Fr>,
    pub beta: Fr,
    pub gamma: Fr,
    pub y: Fr,
}

/// Where each kind of column begins among those of the quotient.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    pub advice: usize,
    pub fixed: usize,
    pub instance: usize,
    pub labels: usize,
    pub products: usize,
    /// 1 on the first row, on the row before the blinding ones, on the rows before that.
    pub first: usize,
    pub last: usize,
    pub active: usize,
    /// The point itself.
    pub point: usize,
}

impl Places {
    pub fn new(cs: &ConstraintSystem<Fr>, products: usize) -> Self {
        let fixed = cs.num_advice_columns();
        let instance = fixed + cs.num_fixed_columns();
        let labels = instance + cs.num_instance_columns();
        let products_at = labels + cs.permutation().get_columns().len();
        let first = products_at + products;
        Places {
            advice: 0,
            fixed,
            instance,
            labels,
            products: products_at,
            first,
            last: first + 1,
            active: first + 2,
            point: first + 3,
        }
    }
}

/// The identities as one node of a graph.
pub struct Identities<'a> {
    pub cs: &'a ConstraintSystem<Fr>,
    pub places: Places,
    pub drawn: &'a Drawn,
    pub products: usize,
}

impl Identities<'_> {
    /// The node, and its graph.
    pub fn folded(&self) -> (Graph, Node) {
        let mut graph = Graph::default();
        let mut terms = self.gates(&mut graph);
        terms.extend(self.permutation(&mut graph));
        let node = self.fold(&mut graph, &terms);
        (graph, node)
    }

    /// (factor, polynomial) for each gate: the factor is a column that many gates share.
    fn gates(&self, graph: &mut Graph) -> Vec<(Node, Node)> {
        let gates = self.cs.gates().iter().flat_map(|gate| gate.polynomials());
        gates
            .map(|polynomial| match polynomial {
                Expression::Product(left, right) if matches!(**left, Expression::Fixed(_)) => {
                    (self.node(graph, left), self.node(graph, right))
                }
                whole => (constant(Fr::ONE), self.node(graph, whole)),
            })
            .collect()
    }

    fn node(&self, graph: &mut Graph, expression: &Expression<Fr>) -> Node {
        let cell = |place: usize, index: usize, rotation: i32| Node::Cell {
            column: place + index,
            rotation,
        };
        match expression {
            Expression::Constant(value) => constant(*value),
            Expression::Challenge(challenge) => constant(self.drawn.gates[challenge.index()]),
            Expression::Fixed(q) => cell(self.places.fixed, q.column_index(), q.rotation().0),
            Expression::Advice(q) => cell(self.places.advice, q.column_index(), q.rotation().0),
            Expression::Instance(q) => cell(self.places.instance, q.column_index(), q.rotation().0),
            Expression::Negated(inner) => {
                let inner = self.node(graph, inner);
                graph.subtract(constant(Fr::ZERO), inner)
            }
            Expression::Sum(left, right) => self.sum(graph, left, right),
            Expression::Product(left, right) => {
                let (left, right) = (self.node(graph, left), self.node(graph, right));
                graph.multiply(left, right)
            }
            Expression::Scaled(inner, factor) => {
                let inner = self.node(graph, inner);
                graph.multiply(inner, constant(*factor))
            }
            Expression::Selector(_) => unreachable!("keygen turns selectors into fixed columns"),
        }
    }

    fn sum(&self, graph: &mut Graph, left: &Expression<Fr>, right: &Expression<Fr>) -> Node {
        let left = self.node(graph, left);
        match right {
            Expression::Negated(inner) => {
                let inner = self.node(graph, inner);
                graph.subtract(left, inner)
            }
            _ => {
                let right = self.node(graph, right);
                graph.add(left, right)
            }
        }
    }

    /// In halo2's order: starts, end, joints, steps of the products.
    fn permutation(&self, graph: &mut Graph) -> Vec<(Node, Node)> {
        let at = |column: usize| Node::Cell {
            column,
            rotation: 0,
        };
        let [first, last] = [self.places.first, self.places.last].map(at);
        let product = |index: usize| at(self.places.products + index);
        let mut terms = Vec::new();
        if self.products == 0 {
            return terms;
        }
        terms.push((first, graph.subtract(constant(Fr::ONE), product(0))));
        let end = product(self.products - 1);
        let square = graph.multiply(end, end);
        terms.push((last, graph.subtract(square, end)));
        for index in 1..self.products {
            let before = Node::Cell {
                column: self.places.products + index - 1,
                rotation: -(self.cs.blinding_factors() as i32 + 1),
            };
            terms.push((first, graph.subtract(product(index), before)));
        }
        for index in 0..self.products {
            terms.push((at(self.places.active), self.step(graph, index)));
        }
        terms
    }

    /// product(next) times (value + beta label + gamma) - product times (value + beta own + gamma)
    fn step(&self, graph: &mut Graph, index: usize) -> Node {
        let columns = self.cs.permutation().get_columns();
        let width = self.cs.degree() - 2;
        let column = self.places.products + index;
        let [mut left, mut right] = [1, 0].map(|rotation| Node::Cell { column, rotation });
        for number in (0..columns.len()).skip(index * width).take(width) {
            let value = self.copied(columns[number].column_type(), columns[number].index());
            let raised = graph.add(value, constant(self.drawn.gamma));
            let label = Node::Cell {
                column: self.places.labels + number,
                rotation: 0,
            };
            let scaled = graph.multiply(label, constant(self.drawn.beta));
            let factor = graph.add(raised, scaled);
            left = graph.multiply(left, factor);
            let point = Node::Cell {
                column: self.places.point,
                rotation: 0,
            };
            let delta = self.drawn.beta * Fr::DELTA.pow_vartime([number as u64]);
            let scaled = graph.multiply(point, constant(delta));
            let factor = graph.add(raised, scaled);
            right = graph.multiply(right, factor);
        }
        graph.subtract(left, right)
    }

    fn copied(&self, kind: &Any, index: usize) -> Node {
        let place = match kind {
            Any::Advice(_) => self.places.advice,
            Any::Fixed => self.places.fixed,
            Any::Instance => self.places.instance,
        };
        Node::Cell {
            column: place + index,
            rotation: 0,
        }
    }

    /// Horner's rule by y over all terms, gathered by their factors.
    fn fold(&self, graph: &mut Graph, terms: &[(Node, Node)]) -> Node {
        let mut sums: Vec<(Node, Node)> = Vec::new();
        let mut known: HashMap<Node, usize> = HashMap::new();
        let mut weight = Fr::ONE;
        for (factor, polynomial) in terms.iter().rev() {
            let weighted = graph.multiply(*polynomial, constant(weight));
            weight *= self.drawn.y;
            let at = *known.entry(*factor).or_insert_with(|| {
                sums.push((*factor, constant(Fr::ZERO)));
                sums.len() - 1
            });
            sums[at].1 = graph.add(sums[at].1, weighted);
        }
        sums.into_iter()
            .fold(constant(Fr::ZERO), |total, (factor, sum)| {
                let product = graph.multiply(sum, factor);
                graph.add(total, product)
            })
    }
}
