# Lays out users and domains as vpopmail does: users/cdb, users/assign, vpasswd and vpasswd.cdb.
package Vpopmail;

use strict;
use warnings;

use Exporter 'import';
use Checker;

our @EXPORT = qw(cdb_hash cdb_of assign_data assign_line vpasswd_line vpasswd_cdb_of make_path);

sub cdb_hash {
	my ($key) = @_;
	my $hash = 5381;
	$hash = (($hash << 5) + $hash & 0xffffffff) ^ $_ for unpack 'C*', $key;
	return $hash;
}

# The bytes of a cdb with these records, [key, data], in their order (cr.yp.to/cdb/cdb.txt).
sub cdb_of {
	my (@records) = @_;
	my ($position, $body, @slots) = (2048, '');
	for (@records) {
		my ($key, $data) = @{$_};
		my $hash = cdb_hash($key);
		push @{ $slots[ $hash & 255 ] }, [ $hash, $position + length $body ];
		$body .= pack('VV', length $key, length $data) . $key . $data;
	}
	my ($head, $tables) = ('', '');
	for my $entries (map { $slots[$_] // [] } 0 .. 255) {
		my $size = 2 * @{$entries};
		my @table;
		for my $entry (@{$entries}) {
			my $slot = ($entry->[0] >> 8) % $size;
			$slot = ($slot + 1) % $size while $table[$slot];
			$table[$slot] = $entry;
		}
		$head .= pack 'VV', $position + length($body) + length $tables, $size;
		$tables .= pack 'VV', @{ $table[$_] // [ 0, 0 ] } for 0 .. $size - 1;
	}
	return $head . $body . $tables;
}

# The record that qmail-newu makes of `+DOMAIN-:REAL:UID:GID:DIRECTORY:-::`, and that line.
sub assign_data {
	my ($domain, $real, $uid, $gid, $directory) = @_;
	return [ "!$domain-", join "\0", $real, $uid, $gid, $directory, '-', '' ];
}

sub assign_line {
	my ($domain, @rest) = @_;
	return '+' . join(':', "$domain-", @rest, '-', '', '') . "\n";
}

# A line of a vpasswd: flags is the gid field; without clear it is one of vpopmail 5.6.
sub vpasswd_line {
	my ($name, $hash, $directory, %given) = @_;
	my @fields = ($name, $hash, 1, $given{flags} // 0, $given{gecos} // $name, $directory, $given{quota} // 'NOQUOTA');
	push @fields, $given{clear} if defined $given{clear};
	return join(':', @fields) . "\n";
}

# What vmkpasswd makes of a vpasswd: the name is the key, the line after its colon the data.
sub vpasswd_cdb_of {
	my ($text) = @_;
	return cdb_of(map { [ split /:/, $_, 2 ] } grep { /:/ } split /\n/, $text);
}

sub make_path {
	my ($path, $mode) = @_;
	my $made = '';
	for my $part (grep { length } split m{/}, $path) {
		$made .= "/$part";
		-d $made or mkdir $made, $mode // 0700 or die "$made: $!";
	}
	return $path;
}

1;
