// What the other threads of this process do right now.
#pragma once

namespace leaktrail_fork {

// Waits until no other thread of the process runs (a collection or a compilation may be under way in
// one), at most about `patience_ms`. Returns how many still run. Costs some 20 us a thread and look.
int WaitUntilThreadsIdle(double patience_ms);

}  // namespace leaktrail_fork
