//! Where a section stands in the tree: the path that readers see, and the text that lists are sorted by.

/// The most levels of the tree. The keys of the deepest level fit every database page.
pub const MAX_LEVELS: i32 = 8;

/// The place of a section. `path` is the slugs from the root on, divided by slashes. `tree_order` has for every level the
/// position in six digits and the slug; a blank, which sorts before any character of a slug, divides the levels. So its
/// order as text is pre-order, siblings by position and slug, and a subtree is one range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreePlace {
    /// The slugs from the root on.
    pub path: String,
    /// The key that lists are sorted by.
    pub tree_order: String,
    /// The level, 0 for a root.
    pub depth: i32,
}

impl TreePlace {
    /// The place of a section directly below another one, or of a root.
    #[must_use]
    pub fn below(above: Option<&Self>, slug: &str, position: i32) -> Self {
        let own = format!("{position:06}{slug}");
        match above {
            None => Self {
                path: slug.to_owned(),
                tree_order: own,
                depth: 0,
            },
            Some(above) => Self {
                path: format!("{}/{slug}", above.path),
                tree_order: format!("{} {own}", above.tree_order),
                depth: above.depth.saturating_add(1),
            },
        }
    }

    /// The place of the section directly above; `None` for a root.
    #[must_use]
    pub fn above(&self) -> Option<Self> {
        let (path, _own_slug) = self.path.rsplit_once('/')?;
        let (tree_order, _own_key) = self.tree_order.rsplit_once(' ')?;
        Some(Self {
            path: path.to_owned(),
            tree_order: tree_order.to_owned(),
            depth: self.depth.saturating_sub(1),
        })
    }

    /// The text that every `tree_order` of the subtree sorts before, and every one after the subtree behind.
    #[must_use]
    pub fn end_of_subtree(&self) -> String {
        format!("{}{SUBTREE_END}", self.tree_order)
    }

    /// Whether so many levels below this place are within the tree.
    #[must_use]
    pub fn has_room_for(&self, levels_below: i32) -> bool {
        self.depth.saturating_add(levels_below) < MAX_LEVELS
    }

    /// The slugs from this section down to `above` and back to this one, if it would stand below itself with `above` over it.
    #[must_use]
    pub fn cycle_through(&self, above: &Self) -> Option<Vec<String>> {
        let rest = above.path.strip_prefix(&self.path)?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        let own = self.path.rsplit('/').next().unwrap_or_default();
        // The rest of a section below begins with a slash, the rest of the section itself is nothing.
        let between = rest.split('/').skip(1);
        let cycle = std::iter::once(own).chain(between).chain(std::iter::once(own));
        Some(cycle.map(str::to_owned).collect())
    }
}

/// The character after the blank that divides the levels of `tree_order`; it sorts before any character of a slug, too.
pub const SUBTREE_END: &str = "!";

/// The slug of the section directly above the one with this path.
#[must_use]
pub fn slug_above(path: &str) -> Option<&str> {
    path.rsplit('/').nth(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    struct Node {
        above: Option<usize>,
        slug: String,
        position: i32,
        place: TreePlace,
    }

    /// A tree in which each section stands below an earlier one or is a root. Some slugs begin with others, with a hyphen
    /// behind, since that is where sorting by text could go wrong.
    fn tree(choices: &[(usize, i32, bool)]) -> Vec<Node> {
        let mut nodes: Vec<Node> = Vec::new();
        for (number, (choice, position, is_root)) in choices.iter().enumerate() {
            let above = (!is_root).then(|| choice.checked_rem(nodes.len())).flatten();
            let above = above.filter(|index| nodes[*index].place.depth + 1 < MAX_LEVELS);
            let slug = match (number % 3, number.checked_sub(1)) {
                (0, Some(previous)) => format!("{}-x", nodes[previous].slug),
                _ => format!("s{number}"),
            };
            let place = TreePlace::below(above.map(|index| &nodes[index].place), &slug, *position);
            nodes.push(Node {
                above,
                slug,
                position: *position,
                place,
            });
        }
        nodes
    }

    fn pre_order(nodes: &[Node], above: Option<usize>) -> Vec<usize> {
        let mut siblings: Vec<usize> = (0..nodes.len()).filter(|index| nodes[*index].above == above).collect();
        siblings.sort_by_key(|index| (nodes[*index].position, nodes[*index].slug.clone()));
        siblings
            .into_iter()
            .flat_map(|index| std::iter::once(index).chain(pre_order(nodes, Some(index))))
            .collect()
    }

    fn is_at_or_below(nodes: &[Node], of: usize, mut index: usize) -> bool {
        loop {
            match nodes[index].above {
                _ if index == of => return true,
                None => return false,
                Some(above) => index = above,
            }
        }
    }

    fn choices() -> impl Strategy<Value = Vec<(usize, i32, bool)>> {
        let position = prop_oneof![0..3_i32, Just(10), Just(999_999)];
        proptest::collection::vec((0_usize..50, position, proptest::bool::weighted(0.2)), 1..50)
    }

    proptest! {
        #[test]
        fn tree_order_is_pre_order_with_siblings_by_position_and_slug(choices in choices()) {
            let nodes = tree(&choices);
            let mut by_key: Vec<usize> = (0..nodes.len()).collect();
            by_key.sort_by_key(|index| nodes[*index].place.tree_order.clone());
            prop_assert_eq!(by_key, pre_order(&nodes, None));
        }

        #[test]
        fn a_subtree_is_one_range_that_begins_with_its_root(choices in choices(), of in 0_usize..50) {
            let nodes = tree(&choices);
            let of = of % nodes.len();
            let (first, end) = (nodes[of].place.tree_order.clone(), nodes[of].place.end_of_subtree());
            for (index, node) in nodes.iter().enumerate() {
                let is_in_range = node.place.tree_order >= first && node.place.tree_order < end;
                prop_assert_eq!(is_in_range, is_at_or_below(&nodes, of, index));
            }
        }

        #[test]
        fn a_section_would_stand_in_a_circle_only_below_itself(choices in choices(), of in 0_usize..50, below in 0_usize..50) {
            let nodes = tree(&choices);
            let (of, below) = (of % nodes.len(), below % nodes.len());
            let cycle = nodes[of].place.cycle_through(&nodes[below].place);
            prop_assert_eq!(cycle.is_some(), is_at_or_below(&nodes, of, below));
            for slug in cycle.iter().flat_map(|slugs| [slugs.first(), slugs.last()]) {
                prop_assert_eq!(slug, Some(&nodes[of].slug));
            }
        }

        #[test]
        fn the_place_above_is_read_from_the_place(choices in choices()) {
            let nodes = tree(&choices);
            for node in &nodes {
                let above = node.above.map(|index| &nodes[index]);
                prop_assert_eq!(node.place.above(), above.map(|above| above.place.clone()));
                prop_assert_eq!(slug_above(&node.place.path), above.map(|above| above.slug.as_str()));
            }
        }

        /// What the store does to a whole subtree in one statement.
        #[test]
        fn exchanging_the_beginning_moves_all_that_stands_below(choices in choices(), of in 0_usize..50) {
            let mut nodes = tree(&choices);
            let of = of % nodes.len();
            let (old, new) = (nodes[of].place.clone(), TreePlace::below(None, "moved", 7));
            let moved: Vec<(usize, TreePlace)> = (of..nodes.len())
                .filter(|index| is_at_or_below(&nodes, of, *index))
                .map(|index| (index, exchanged(&nodes[index].place, &old, &new)))
                .collect();
            for (index, exchanged) in moved {
                let above = nodes[index].above.filter(|_| index != of).map(|above| nodes[above].place.clone());
                let rebuilt = match index == of {
                    true => new.clone(),
                    false => TreePlace::below(above.as_ref(), &nodes[index].slug, nodes[index].position),
                };
                prop_assert_eq!(&exchanged, &rebuilt);
                nodes[index].place = rebuilt;
            }
        }
    }

    fn exchanged(place: &TreePlace, old: &TreePlace, new: &TreePlace) -> TreePlace {
        TreePlace {
            path: place.path.replacen(&old.path, &new.path, 1),
            tree_order: place.tree_order.replacen(&old.tree_order, &new.tree_order, 1),
            depth: place.depth + new.depth - old.depth,
        }
    }

    #[test]
    fn a_place_is_written_level_by_level() {
        let news = TreePlace::below(None, "news", 20);
        let europe = TreePlace::below(Some(&news), "europe", 3);
        assert_eq!(europe.path, "news/europe");
        assert_eq!(europe.tree_order, "000020news 000003europe");
        assert_eq!((news.depth, europe.depth), (0, 1));
        assert_eq!(
            (slug_above("news/europe/france"), slug_above("news")),
            (Some("europe"), None)
        );
    }

    #[test]
    fn the_way_back_of_a_circle_is_named() {
        let place = |path: &str| {
            path.split('/')
                .fold(None, |above: Option<TreePlace>, slug| {
                    Some(TreePlace::below(above.as_ref(), slug, 0))
                })
                .unwrap()
        };
        let cycle = |of: &str, above: &str| place(of).cycle_through(&place(above)).map(|slugs| slugs.join(" > "));
        assert_eq!(
            cycle("a/news", "a/news/europe/france").as_deref(),
            Some("news > europe > france > news")
        );
        assert_eq!(cycle("news", "news").as_deref(), Some("news > news"));
        assert_eq!(cycle("news", "news-wire"), None);
        assert_eq!(cycle("a/news", "a"), None);
    }

    #[test]
    fn the_tree_has_eight_levels() {
        let deepest = (1..8).fold(TreePlace::below(None, "s0", 0), |above, level| {
            TreePlace::below(Some(&above), &format!("s{level}"), 0)
        });
        assert!(deepest.has_room_for(0));
        assert!(!deepest.has_room_for(1));
        assert!(!TreePlace::below(Some(&deepest), "s8", 0).has_room_for(0));
    }
}
