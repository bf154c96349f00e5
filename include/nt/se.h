// Security: identifiers, descriptors, and tokens that say who somebody is and may do.
#pragma once

#include <nt/se/access.h>
#include <nt/se/descriptor.h>
#include <nt/se/exports.h>
#include <nt/se/sid.h>
#include <nt/se/token.h>
