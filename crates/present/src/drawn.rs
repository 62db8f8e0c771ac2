//! A chart that is ready to be shown.

use std::sync::Arc;

use fwit_chart::figure::Chart;

/// A chart to show; `None` where there is nothing to draw.
pub type Drawn = Option<Arc<dyn Chart>>;

pub(crate) fn drawn(chart: impl Chart + 'static) -> Drawn {
    Some(Arc::new(chart))
}
