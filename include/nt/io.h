// The I/O manager: drivers, devices, files, requests.
#pragma once

#include <nt/io/constants.h>
#include <nt/io/interrupt.h>
#include <nt/io/irp.h>
#include <nt/io/objects.h>
#include <nt/io/routines.h>
