// The I/O manager: drivers, devices, files, requests.
#pragma once

#include <nt/io/constants.h>
#include <nt/io/csq.h>
#include <nt/io/device_interface.h>
#include <nt/io/device_property.h>
#include <nt/io/dma.h>
#include <nt/io/driver_life.h>
#include <nt/io/interrupt.h>
#include <nt/io/irp.h>
#include <nt/io/notification.h>
#include <nt/io/objects.h>
#include <nt/io/pnp.h>
#include <nt/io/power.h>
#include <nt/io/remove_lock.h>
#include <nt/io/resources.h>
#include <nt/io/routines.h>
#include <nt/io/share_access.h>
#include <nt/io/start_io.h>
#include <nt/io/work_item.h>
