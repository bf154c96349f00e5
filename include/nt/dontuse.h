// In the WDK this deprecates routines that drivers should not use. Those are not declared here.
#pragma once
