//! The second opinion has one: the Python library reads a histogram of its own.

use fwit_e2e::Python;

#[test]
fn python_reads_a_histogram_that_it_wrote() {
    let python = Python::ready().unwrap();
    let script = "
import sys
from hdrh.histogram import HdrHistogram
histogram = HdrHistogram(1, 3_600_000_000, 3)
for word in sys.stdin.read().split():
    histogram.record_value(int(word))
read = HdrHistogram.decode(histogram.encode())
print(read.get_total_count(), read.get_max_value())
";
    assert_eq!(python.run(script, "10 20 30").unwrap().trim(), "3 30");
    assert!(python.run("raise SystemExit('wrong')", "").unwrap_err().to_string().contains("wrong"));
}
